-- The last number of a file-plan entry and year: Aktenzeichen are unique and never reused.
CREATE TABLE records_series (
  tenant BIGINT NOT NULL,
  plan TEXT NOT NULL,
  year BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (tenant, plan, year)
);
-- A file (Akte) of one entry of the file plan and one year; cases lie in it.
CREATE TABLE records_file (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  plan TEXT NOT NULL,
  year BIGINT NOT NULL,
  title TEXT NOT NULL,
  opened_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, plan, year)
);
-- A case (Vorgang).
CREATE TABLE records_case (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  file_id UUID NOT NULL,
  number TEXT NOT NULL,
  service TEXT NOT NULL,
  title TEXT NOT NULL,
  unit TEXT NOT NULL,
  confidentiality TEXT NOT NULL,
  cls BIGINT NOT NULL,
  status TEXT NOT NULL,
  account_id UUID,
  lang TEXT NOT NULL,
  party JSONB NOT NULL,
  family_key TEXT NOT NULL,
  birth_date TEXT,
  opened_at TIMESTAMPTZ NOT NULL,
  closed_at TIMESTAMPTZ,
  retention_years BIGINT NOT NULL,
  retention_basis TEXT NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, number),
  FOREIGN KEY (tenant, file_id) REFERENCES records_file (tenant, id)
);
CREATE INDEX records_case_account ON records_case (tenant, account_id, opened_at);
CREATE INDEX records_case_person ON records_case (tenant, family_key, birth_date);
CREATE INDEX records_case_closed ON records_case (tenant, closed_at);
-- A document (Dokument) of a case; its bytes are in files_file.
CREATE TABLE records_document (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  file_id UUID NOT NULL,
  direction TEXT NOT NULL,
  audience TEXT NOT NULL,
  added_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id)
);
CREATE INDEX records_document_case ON records_document (tenant, case_id, added_at);
-- A step of the timeline in plain words (text key and values).
CREATE TABLE records_step (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  code TEXT NOT NULL,
  args JSONB NOT NULL,
  audience TEXT NOT NULL,
  media_break BOOLEAN NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id)
);
CREATE INDEX records_step_case ON records_step (tenant, case_id, at);
-- Who of the staff looked at which case (Zugriffsprotokoll); kept for one year, read by named roles only.
CREATE TABLE records_access_log (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  staff_id UUID NOT NULL,
  case_id UUID NOT NULL,
  what TEXT NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX records_access_log_case ON records_access_log (tenant, case_id, at);
