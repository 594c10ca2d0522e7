-- Who has acknowledged (zur Kenntnis genommen) which version of a paragraph.
CREATE TABLE guidelines_acknowledgement (
  tenant BIGINT NOT NULL,
  staff_id UUID NOT NULL,
  paragraph TEXT NOT NULL,
  version BIGINT NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, staff_id, paragraph, version)
);
CREATE INDEX guidelines_acknowledgement_paragraph ON guidelines_acknowledgement (tenant, paragraph, version);
