-- A certificate (Bescheinigung) with a code that anybody can check. The code itself is printed and not kept.
CREATE TABLE certificates_certificate (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  instance UUID NOT NULL,
  token BIGINT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  code_hash BYTEA NOT NULL,
  office TEXT NOT NULL,
  issued_on DATE NOT NULL,
  document_id UUID NOT NULL,
  pdf_sha256 BYTEA NOT NULL,
  state TEXT NOT NULL,
  withdrawn_at TIMESTAMPTZ,
  withdrawn_by UUID,
  withdrawn_reason TEXT,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, instance, token),
  UNIQUE (tenant, code_hash)
);
CREATE INDEX certificates_certificate_case ON certificates_certificate (tenant, case_id, id);
-- A letter or decision (Bescheid) as it was written: what kind it is, what its text was, which remedy it named.
CREATE TABLE certificates_decision (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  instance UUID NOT NULL,
  token BIGINT NOT NULL,
  decision TEXT NOT NULL,
  kind TEXT NOT NULL,
  remedy_basis TEXT NOT NULL,
  text_sha256 BYTEA NOT NULL,
  document_id UUID NOT NULL,
  pdf_sha256 BYTEA NOT NULL,
  decided_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, instance, token)
);
CREATE INDEX certificates_decision_case ON certificates_decision (tenant, case_id, id);
-- A plain letter (Mitteilung) that another module asked for; without a document while it is not made yet.
CREATE TABLE certificates_note (
  tenant BIGINT NOT NULL,
  reference UUID NOT NULL,
  case_id UUID NOT NULL,
  title TEXT NOT NULL,
  paragraphs JSONB NOT NULL,
  document_id UUID,
  PRIMARY KEY (tenant, reference)
);
CREATE INDEX certificates_note_case ON certificates_note (tenant, case_id);
-- How often a network asked about codes within its present window of time; gone after it.
CREATE TABLE certificates_attempt (
  tenant BIGINT NOT NULL,
  bucket BYTEA NOT NULL,
  count BIGINT NOT NULL,
  ends_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, bucket)
);
CREATE INDEX certificates_attempt_end ON certificates_attempt (tenant, ends_at);
