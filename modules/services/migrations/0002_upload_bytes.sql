-- Bytes of the files in the answers: the sum over all drafts has a ceiling.
ALTER TABLE services_draft ADD COLUMN upload_bytes BIGINT NOT NULL DEFAULT 0;
CREATE INDEX services_draft_uploads ON services_draft (tenant, upload_bytes);
