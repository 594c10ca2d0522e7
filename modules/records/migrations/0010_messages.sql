-- A document that is an e-mail: who wrote it to whom and when (of the message itself). `message_id` is that of the message, or
-- a hash of its bytes where it has none: the same one is in a case only once.
CREATE TABLE records_message (
  tenant BIGINT NOT NULL,
  document_id UUID NOT NULL,
  case_id UUID NOT NULL,
  message_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipients TEXT NOT NULL,
  subject TEXT NOT NULL,
  sent_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, document_id),
  UNIQUE (tenant, case_id, message_id),
  FOREIGN KEY (tenant, document_id) REFERENCES records_document (tenant, id)
);
-- A document that came enclosed in another one (Anlage), and its place among the documents of the set.
CREATE TABLE records_enclosure (
  tenant BIGINT NOT NULL,
  document_id UUID NOT NULL,
  parent_id UUID NOT NULL,
  n BIGINT NOT NULL,
  case_id UUID NOT NULL,
  PRIMARY KEY (tenant, document_id),
  FOREIGN KEY (tenant, document_id) REFERENCES records_document (tenant, id)
);
CREATE INDEX records_enclosure_case ON records_enclosure (tenant, case_id);
-- Which document has these bytes: asked when malware is found in them later.
CREATE INDEX records_document_bytes ON records_document (tenant, file_id);
CREATE INDEX records_version_bytes ON records_version (tenant, file_id);
