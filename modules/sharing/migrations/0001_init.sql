-- A link for one outsider (Freigabe). Of the link's token only the hash is kept, of the code only an Argon2id tag; both are
-- removed when the link is over. `ended` is `revoked` or `locked`.
CREATE TABLE sharing_share (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  recipient TEXT NOT NULL,
  email TEXT NOT NULL,
  purpose TEXT NOT NULL,
  token_hash BYTEA,
  secret_tag BYTEA,
  secret_params TEXT,
  tries BIGINT NOT NULL,
  made_by UUID NOT NULL,
  made_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  ended TEXT,
  ended_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX sharing_share_token ON sharing_share (tenant, token_hash);
CREATE INDEX sharing_share_case ON sharing_share (tenant, case_id, made_at, id);
-- What it gives: the version that was the newest when it was made.
CREATE TABLE sharing_document (
  tenant BIGINT NOT NULL,
  share_id UUID NOT NULL,
  n BIGINT NOT NULL,
  document_id UUID NOT NULL,
  file_id UUID NOT NULL,
  title TEXT NOT NULL,
  PRIMARY KEY (tenant, share_id, n),
  FOREIGN KEY (tenant, share_id) REFERENCES sharing_share (tenant, id)
);
-- A browser that typed the right code.
CREATE TABLE sharing_visit (
  tenant BIGINT NOT NULL,
  token_hash BYTEA NOT NULL,
  share_id UUID NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, token_hash)
);
