-- One row per case, in the words of a list. Written by `records` through a command, in the transaction that changes
-- the case, so that a list never shows what is no longer true.
CREATE TABLE desk_item (
  tenant BIGINT NOT NULL,
  case_id UUID NOT NULL,
  cls BIGINT NOT NULL,
  number TEXT NOT NULL,
  title TEXT NOT NULL,
  unit TEXT NOT NULL,
  status TEXT NOT NULL,
  opened_at TIMESTAMPTZ NOT NULL,
  closed BOOLEAN NOT NULL,
  PRIMARY KEY (tenant, case_id)
);
CREATE INDEX desk_item_order ON desk_item (tenant, closed, opened_at, case_id);
CREATE INDEX desk_item_class ON desk_item (tenant, cls, closed, opened_at, case_id);
-- How many cases of a class are open and closed: exact counts without counting.
CREATE TABLE desk_count (
  tenant BIGINT NOT NULL,
  cls BIGINT NOT NULL,
  closed BOOLEAN NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (tenant, cls, closed)
);
-- A task for a person. Draft and answers are what the clerk typed into the task's form.
CREATE TABLE desk_task (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  cls BIGINT NOT NULL,
  instance UUID NOT NULL,
  token BIGINT NOT NULL,
  element TEXT NOT NULL,
  title TEXT NOT NULL,
  form TEXT NOT NULL,
  form_version BIGINT NOT NULL,
  unit TEXT NOT NULL,
  due TIMESTAMPTZ,
  not_by UUID,
  media_break BOOLEAN NOT NULL,
  opened_at TIMESTAMPTZ NOT NULL,
  claimed_by UUID,
  draft JSONB,
  answers JSONB,
  texts JSONB,
  done_by UUID,
  done_at TIMESTAMPTZ,
  state TEXT NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, instance, token)
);
CREATE INDEX desk_task_open ON desk_task (tenant, state, cls, due, id);
CREATE INDEX desk_task_mine ON desk_task (tenant, claimed_by, state, due, id);
CREATE INDEX desk_task_case ON desk_task (tenant, case_id);
