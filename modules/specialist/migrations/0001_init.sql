-- Machine accounts of specialist systems (Fachverfahren). Of the token there is a hash only; `entries` is a list of Kennzeichen
-- of the file plan. A revoked account stays, because the journal names it.
CREATE TABLE specialist_system (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  name TEXT NOT NULL,
  unit TEXT NOT NULL,
  entries JSONB NOT NULL,
  level TEXT NOT NULL,
  per_hour BIGINT NOT NULL,
  token_hash BYTEA NOT NULL,
  made_by UUID,
  made_at TIMESTAMPTZ NOT NULL,
  revoked_by UUID,
  revoked_at TIMESTAMPTZ,
  last_used_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, token_hash)
);
-- What a system calls a case or a document of ours (fremdes Geschäftszeichen), and the dates it gave with a document.
CREATE TABLE specialist_reference (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  system_id UUID NOT NULL,
  case_id UUID NOT NULL,
  document_id UUID,
  reference TEXT NOT NULL,
  written DATE,
  received DATE,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, system_id) REFERENCES specialist_system (tenant, id)
);
CREATE INDEX specialist_reference_text ON specialist_reference (tenant, system_id, reference);
CREATE INDEX specialist_reference_case ON specialist_reference (tenant, case_id);
-- Every call that got in, whatever came of it. `case_id` is what the call named; it need not exist.
CREATE TABLE specialist_call (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  system_id UUID NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  what TEXT NOT NULL,
  case_id UUID,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, system_id) REFERENCES specialist_system (tenant, id)
);
CREATE INDEX specialist_call_system ON specialist_call (tenant, system_id, at);
CREATE INDEX specialist_call_case ON specialist_call (tenant, case_id);
-- What a request with an Idempotency-Key was answered, for its repetition.
CREATE TABLE specialist_answer (
  tenant BIGINT NOT NULL,
  system_id UUID NOT NULL,
  key TEXT NOT NULL,
  request BYTEA NOT NULL,
  answer JSONB NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, system_id, key),
  FOREIGN KEY (tenant, system_id) REFERENCES specialist_system (tenant, id)
);
CREATE INDEX specialist_answer_at ON specialist_answer (tenant, at);
