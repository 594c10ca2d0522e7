-- A PDF made of an office file so that it can be looked at. `source_id` is the file it was made of; without `file_id` none could
-- be made, and `fault` says why. It belongs to the case, not to the bytes: one case must not tell about another one.
CREATE TABLE records_rendition (
  tenant BIGINT NOT NULL,
  source_id UUID NOT NULL,
  case_id UUID NOT NULL,
  file_id UUID,
  fault TEXT,
  at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, source_id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id)
);
CREATE INDEX records_rendition_case ON records_rendition (tenant, case_id);
