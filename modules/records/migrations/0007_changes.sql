-- Specialist systems ask what changed since a moment.
CREATE INDEX records_case_opened ON records_case (tenant, opened_at);
CREATE INDEX records_document_added ON records_document (tenant, added_at);
CREATE INDEX records_version_at ON records_version (tenant, at);
