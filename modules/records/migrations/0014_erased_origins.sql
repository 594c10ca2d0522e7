-- What was erased here and was known by an id in another system: a keyed hash of source and id, so that the next take-over of
-- the same export does not bring it back. Nothing of it can be read, and nobody without the city's key can try ids out.
CREATE TABLE records_erased_origin (
  tenant BIGINT NOT NULL,
  trace BYTEA NOT NULL,
  erased_on DATE NOT NULL,
  PRIMARY KEY (tenant, trace)
);
-- On a PostgreSQL database whose owner is no superuser the steps 0003 and 0008 found no rows. Everywhere else this changes nothing.
UPDATE records_file SET entry = plan WHERE entry = '';
UPDATE records_document SET cls = (SELECT c.cls FROM records_case c
                                   WHERE c.tenant = records_document.tenant AND c.id = records_document.case_id)
  WHERE cls IS NULL;
UPDATE records_document_count SET n = (
  SELECT COUNT(*) FROM records_document d
  WHERE d.tenant = records_document_count.tenant AND d.cls = records_document_count.cls
    AND d.kind = records_document_count.kind);
INSERT INTO records_document_count (tenant, cls, kind, unit, n)
  SELECT d.tenant, d.cls, d.kind, MIN(c.unit), COUNT(*) FROM records_document d
  JOIN records_case c ON c.tenant = d.tenant AND c.id = d.case_id WHERE d.cls IS NOT NULL
  GROUP BY d.tenant, d.cls, d.kind
  ON CONFLICT (tenant, cls, kind) DO NOTHING;
UPDATE records_file_count SET n = (
  SELECT COUNT(*) FROM records_file f
  WHERE f.tenant = records_file_count.tenant AND f.cls = records_file_count.cls AND f.entry = records_file_count.entry
    AND (f.closed_at IS NOT NULL) = records_file_count.closed);
INSERT INTO records_file_count (tenant, cls, entry, closed, n)
  SELECT tenant, cls, entry, closed_at IS NOT NULL, COUNT(*) FROM records_file WHERE cls IS NOT NULL
  GROUP BY tenant, cls, entry, closed_at IS NOT NULL
  ON CONFLICT (tenant, cls, entry, closed) DO NOTHING;
