-- A circulation folder (Laufmappe) of a case: `open`, `done`, `returned` or `withdrawn`.
CREATE TABLE records_circulation (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  title TEXT NOT NULL,
  instruction TEXT NOT NULL,
  parallel BOOLEAN NOT NULL,
  state TEXT NOT NULL,
  made_by UUID NOT NULL,
  made_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id)
);
CREATE INDEX records_circulation_case ON records_circulation (tenant, case_id, made_at, id);
CREATE INDEX records_circulation_maker ON records_circulation (tenant, made_by, made_at, id);
-- Its steps. One that was not opened waits for those before it; `outcome` is `signed`, `returned` or `noted`. Where
-- `done_by` is not the addressee, a deputy did it.
CREATE TABLE records_circulation_step (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  circulation_id UUID NOT NULL,
  n BIGINT NOT NULL,
  addressee UUID NOT NULL,
  kind TEXT NOT NULL,
  opened_at TIMESTAMPTZ,
  outcome TEXT,
  reason TEXT NOT NULL DEFAULT '',
  done_by UUID,
  done_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, circulation_id, n),
  FOREIGN KEY (tenant, circulation_id) REFERENCES records_circulation (tenant, id)
);
CREATE INDEX records_circulation_step_addressee ON records_circulation_step (tenant, addressee, outcome);
-- A case that somebody wants to see again on a day (Wiedervorlage).
CREATE TABLE records_follow_up (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  staff_id UUID NOT NULL,
  due DATE NOT NULL,
  note TEXT NOT NULL,
  made_at TIMESTAMPTZ NOT NULL,
  done_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, case_id) REFERENCES records_case (tenant, id)
);
CREATE INDEX records_follow_up_staff ON records_follow_up (tenant, staff_id, done_at, due);
CREATE INDEX records_follow_up_case ON records_follow_up (tenant, case_id);
