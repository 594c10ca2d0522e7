-- A file (Akte) may be opened for one matter. `plan` is the Kennzeichen of the file: that of its entry of the file plan for
-- the yearly collection of cases, followed by a hyphen and a running number for a file of one matter.
ALTER TABLE records_file ADD COLUMN entry TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN kind TEXT NOT NULL DEFAULT 'collection';
ALTER TABLE records_file ADD COLUMN part_of UUID;
ALTER TABLE records_file ADD COLUMN unit TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN confidentiality TEXT NOT NULL DEFAULT 'normal';
-- The access class; the yearly collection has none: who sees a case of it sees the collection.
ALTER TABLE records_file ADD COLUMN cls BIGINT;
ALTER TABLE records_file ADD COLUMN medium TEXT NOT NULL DEFAULT 'electronic';
ALTER TABLE records_file ADD COLUMN storage TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN closed_at TIMESTAMPTZ;
-- What the rule of the day on which the case was closed says of the archive (Aussonderungsart): A, B or V.
ALTER TABLE records_case ADD COLUMN appraisal TEXT NOT NULL DEFAULT 'B';
UPDATE records_file SET entry = plan WHERE entry = '';
CREATE INDEX records_file_class ON records_file (tenant, cls, opened_at, id);
CREATE INDEX records_case_file ON records_case (tenant, file_id, opened_at, id);
-- Versions (Fassungen) of a document; the document's own file is the newest one that counts. `based_on` is the version
-- somebody had before them: where it was no longer the newest, the version is a conflict.
CREATE TABLE records_version (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  document_id UUID NOT NULL,
  n BIGINT NOT NULL,
  based_on BIGINT NOT NULL,
  conflict BOOLEAN NOT NULL,
  file_id UUID NOT NULL,
  note TEXT NOT NULL,
  staff_id UUID,
  at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, document_id, n),
  FOREIGN KEY (tenant, document_id) REFERENCES records_document (tenant, id)
);
-- Who has a document out to work on it, and until when.
CREATE TABLE records_checkout (
  tenant BIGINT NOT NULL,
  document_id UUID NOT NULL,
  staff_id UUID NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  until TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, document_id),
  FOREIGN KEY (tenant, document_id) REFERENCES records_document (tenant, id)
);
-- A matter that must not be deleted (Löschsperre), whatever its retention says.
CREATE TABLE records_hold (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  reason TEXT NOT NULL,
  set_by UUID NOT NULL,
  set_at TIMESTAMPTZ NOT NULL,
  lifted_by UUID,
  lifted_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id)
);
CREATE INDEX records_hold_case ON records_hold (tenant, case_id);
-- An offer to the archive (Anbietung) and what became of each case in it. A settled case may be deleted: the archive has it
-- (0506) or does not want it. `archive_id` is what the archive calls it.
CREATE TABLE records_offer (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  state TEXT NOT NULL,
  made_by UUID,
  made_at TIMESTAMPTZ NOT NULL,
  appraised_by UUID,
  appraised_at TIMESTAMPTZ,
  handed_over_at TIMESTAMPTZ,
  received_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE TABLE records_offered (
  tenant BIGINT NOT NULL,
  offer_id UUID NOT NULL,
  case_id UUID NOT NULL,
  proposal TEXT NOT NULL,
  decision TEXT,
  settled BOOLEAN NOT NULL,
  archive_id TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (tenant, case_id),
  FOREIGN KEY (tenant, offer_id) REFERENCES records_offer (tenant, id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id)
);
CREATE INDEX records_offered_offer ON records_offered (tenant, offer_id);
-- The packages and messages of an offer (xdomea 0501 to 0507).
CREATE TABLE records_offer_message (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  offer_id UUID NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  file_id UUID NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, offer_id) REFERENCES records_offer (tenant, id)
);
CREATE INDEX records_offer_message_offer ON records_offer_message (tenant, offer_id, at);
