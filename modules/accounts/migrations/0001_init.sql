-- Mails on their way: the row goes when the mail server has taken it.
CREATE TABLE accounts_mail (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  recipient TEXT NOT NULL,
  kind TEXT NOT NULL,
  existing BIGINT NOT NULL,
  lang TEXT NOT NULL,
  token TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id)
);
