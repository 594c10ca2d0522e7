-- Cases whose retention has ended and that wait for somebody's release, or, when released, for the run.
CREATE TABLE privacy_due (
  tenant BIGINT NOT NULL,
  case_id UUID NOT NULL,
  found_at TIMESTAMPTZ NOT NULL,
  released_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, case_id)
);
CREATE INDEX privacy_due_released ON privacy_due (tenant, released_at, case_id);
-- What was deleted (Löschprotokoll): nothing in it leads to a person.
CREATE TABLE privacy_deletion (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  number_hash BYTEA NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  basis TEXT NOT NULL,
  row_count BIGINT NOT NULL,
  file_count BIGINT NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX privacy_deletion_at ON privacy_deletion (tenant, at);
