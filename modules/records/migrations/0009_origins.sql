-- Where files, cases and documents came from that were taken over from another system (Übernahme): `source` is its key,
-- `old` what it calls them. Both together are unique, so that nothing is taken over twice.
CREATE TABLE records_origin_file (
  tenant BIGINT NOT NULL,
  source TEXT NOT NULL,
  old TEXT NOT NULL,
  file_id UUID NOT NULL,
  PRIMARY KEY (tenant, source, old),
  FOREIGN KEY (tenant, file_id) REFERENCES records_file (tenant, id)
);
CREATE INDEX records_origin_file_id ON records_origin_file (tenant, file_id);
CREATE INDEX records_origin_file_old ON records_origin_file (tenant, old);
-- `number` is the old Aktenzeichen, empty where there was none.
CREATE TABLE records_origin_case (
  tenant BIGINT NOT NULL,
  source TEXT NOT NULL,
  old TEXT NOT NULL,
  number TEXT NOT NULL,
  case_id UUID NOT NULL,
  PRIMARY KEY (tenant, source, old),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id)
);
CREATE INDEX records_origin_case_id ON records_origin_case (tenant, case_id);
CREATE INDEX records_origin_case_number ON records_origin_case (tenant, number);
-- `version` and `sha256` are those of the other system: the same version with other bytes is a new version here.
CREATE TABLE records_origin_document (
  tenant BIGINT NOT NULL,
  source TEXT NOT NULL,
  old TEXT NOT NULL,
  version BIGINT NOT NULL,
  document_id UUID NOT NULL,
  case_id UUID NOT NULL,
  sha256 BYTEA NOT NULL,
  dated DATE,
  PRIMARY KEY (tenant, source, old, version),
  FOREIGN KEY (tenant, document_id) REFERENCES records_document (tenant, id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id)
);
CREATE INDEX records_origin_document_id ON records_origin_document (tenant, document_id);
CREATE INDEX records_origin_document_case ON records_origin_document (tenant, case_id);
CREATE INDEX records_origin_document_old ON records_origin_document (tenant, old);
-- A file that is still led in another system, named by a case or a file of ours (Verweis).
CREATE TABLE records_elsewhere (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID,
  file_id UUID,
  led_in TEXT NOT NULL,
  identifier TEXT NOT NULL,
  address TEXT NOT NULL,
  made_by UUID NOT NULL,
  made_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id),
  FOREIGN KEY (tenant, file_id) REFERENCES records_file (tenant, id)
);
CREATE INDEX records_elsewhere_case ON records_elsewhere (tenant, case_id);
CREATE INDEX records_elsewhere_file ON records_elsewhere (tenant, file_id);
