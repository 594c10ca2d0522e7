-- Another unit takes part in a case or a whole file (mitwirkende Stelle): it sees it and, with `may_work`, works on it.
CREATE TABLE records_participation (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID,
  file_id UUID,
  unit TEXT NOT NULL,
  may_work BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  last_day DATE,
  begun_by UUID NOT NULL,
  begun_at TIMESTAMPTZ NOT NULL,
  ended_by UUID,
  ended_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id),
  FOREIGN KEY (tenant, file_id) REFERENCES records_file (tenant, id)
);
CREATE INDEX records_participation_case ON records_participation (tenant, case_id);
CREATE INDEX records_participation_file ON records_participation (tenant, file_id);
CREATE INDEX records_participation_end ON records_participation (tenant, ended_at, last_day);
-- A note (Notiz) on a case or on one of its documents; for the office.
CREATE TABLE records_note (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  document_id UUID,
  staff_id UUID NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  text TEXT NOT NULL,
  important BOOLEAN NOT NULL,
  done_by UUID,
  done_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id)
);
CREATE INDEX records_note_case ON records_note (tenant, case_id, at);
-- What somebody of the staff has marked for themselves (Merkliste): a `case` or a `file`.
CREATE TABLE records_favourite (
  tenant BIGINT NOT NULL,
  staff_id UUID NOT NULL,
  target UUID NOT NULL,
  kind TEXT NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, staff_id, target)
);
-- A reference (Verweis) from a case or file to another one: `see-also`, `predecessor` or `successor`, as read from the
-- first side.
CREATE TABLE records_reference (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  from_case UUID,
  from_file UUID,
  to_case UUID,
  to_file UUID,
  made_by UUID NOT NULL,
  made_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX records_reference_from_case ON records_reference (tenant, from_case);
CREATE INDEX records_reference_from_file ON records_reference (tenant, from_file);
CREATE INDEX records_reference_to_case ON records_reference (tenant, to_case);
CREATE INDEX records_reference_to_file ON records_reference (tenant, to_file);
-- Whom to talk to about a case (Ansprechpartner, Beteiligte).
CREATE TABLE records_contact (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  address TEXT NOT NULL,
  phone TEXT NOT NULL,
  email TEXT NOT NULL,
  added_by UUID NOT NULL,
  added_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id)
);
CREATE INDEX records_contact_case ON records_contact (tenant, case_id, name);
-- A search that somebody keeps (gespeicherte Suche), for themselves or for their unit.
CREATE TABLE records_saved_search (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  staff_id UUID NOT NULL,
  unit TEXT NOT NULL,
  name TEXT NOT NULL,
  question TEXT NOT NULL,
  shared BOOLEAN NOT NULL,
  made_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX records_saved_search_staff ON records_saved_search (tenant, staff_id);
CREATE INDEX records_saved_search_unit ON records_saved_search (tenant, unit, shared);
-- Key of the file's type (Aktentyp) in the city's data; empty for none.
ALTER TABLE records_file ADD COLUMN file_type TEXT NOT NULL DEFAULT '';
