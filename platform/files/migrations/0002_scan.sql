-- What a scan for malware said of the bytes of a file: 'own' (made by the program), 'clean', 'elsewhere' (scanned by another
-- component of the operator), 'unchecked' or 'infected'. Only 'own', 'clean' and 'elsewhere' are opened.
CREATE TABLE files_scan (
  tenant BIGINT NOT NULL,
  file_id UUID NOT NULL,
  state TEXT NOT NULL,
  signature TEXT NOT NULL,
  engine TEXT NOT NULL,
  asked_at TIMESTAMPTZ NOT NULL,
  checked_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, file_id)
);
CREATE INDEX files_scan_state ON files_scan (tenant, state, file_id);
