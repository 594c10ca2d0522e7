-- Documents are listed over all cases: each bears the access class of its case, which moves with it.
ALTER TABLE records_document ADD COLUMN cls BIGINT;
UPDATE records_document SET cls = (SELECT c.cls FROM records_case c
                                   WHERE c.tenant = records_document.tenant AND c.id = records_document.case_id);
-- By order for who sees much, by class and kind for who sees little. Only for statements that speak of the class: SQLite
-- would take the first one for the documents of a case too, and read all there are.
CREATE INDEX records_document_order ON records_document (tenant, added_at, id, cls, kind) WHERE cls IS NOT NULL;
CREATE INDEX records_document_class ON records_document (tenant, cls, kind, added_at, id) WHERE cls IS NOT NULL;
-- How many documents of a kind lie in the cases of a class: exact counts without counting. A class has one unit.
CREATE TABLE records_document_count (
  tenant BIGINT NOT NULL,
  cls BIGINT NOT NULL,
  kind TEXT NOT NULL,
  unit TEXT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (tenant, cls, kind)
);
INSERT INTO records_document_count (tenant, cls, kind, unit, n)
  SELECT d.tenant, d.cls, d.kind, MIN(c.unit), COUNT(*) FROM records_document d
  JOIN records_case c ON c.tenant = d.tenant AND c.id = d.case_id GROUP BY d.tenant, d.cls, d.kind;
-- The same for files of one matter, by entry of the file plan.
CREATE INDEX records_file_order ON records_file (tenant, opened_at, id, cls) WHERE cls IS NOT NULL;
CREATE INDEX records_file_entry ON records_file (tenant, entry, opened_at, id, cls) WHERE cls IS NOT NULL;
CREATE INDEX records_file_part ON records_file (tenant, part_of, opened_at, id) WHERE part_of IS NOT NULL;
CREATE TABLE records_file_count (
  tenant BIGINT NOT NULL,
  cls BIGINT NOT NULL,
  entry TEXT NOT NULL,
  closed BOOLEAN NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (tenant, cls, entry, closed)
);
INSERT INTO records_file_count (tenant, cls, entry, closed, n)
  SELECT tenant, cls, entry, closed_at IS NOT NULL, COUNT(*) FROM records_file WHERE cls IS NOT NULL
  GROUP BY tenant, cls, entry, closed_at IS NOT NULL;
