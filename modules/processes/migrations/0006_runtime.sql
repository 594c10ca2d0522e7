-- A program outside that does service tasks (Arbeiter). Its token is shown once and kept as a hash. Topics are names with
-- one space between them.
CREATE TABLE processes_worker (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  name TEXT NOT NULL,
  topics TEXT NOT NULL,
  token_hash BYTEA NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  revoked_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX processes_worker_token ON processes_worker (tenant, token_hash);
-- A service task that waits for such a program. Open work is due from that moment on, locked work is locked until then.
-- The fence counts how often it was taken: an answer counts only with the number of the last time. The answer is a SHA-256
-- of the last one, so that its repetition is known.
CREATE TABLE processes_work (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  topic TEXT NOT NULL,
  instance UUID NOT NULL,
  token BIGINT NOT NULL,
  case_id UUID NOT NULL,
  process TEXT NOT NULL,
  element TEXT NOT NULL,
  inputs JSONB NOT NULL,
  state TEXT NOT NULL,
  due TIMESTAMPTZ NOT NULL,
  fence BIGINT NOT NULL,
  worker UUID,
  attempts BIGINT NOT NULL,
  answer BYTEA,
  created_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX processes_work_due ON processes_work (tenant, topic, state, due);
CREATE INDEX processes_work_token ON processes_work (tenant, instance, token);
CREATE INDEX processes_work_case ON processes_work (tenant, case_id);
-- When a start event with a time begins the next instance, empty when the last time has come. The job that does it is in
-- jobs_job.
CREATE TABLE processes_start_timer (
  tenant BIGINT NOT NULL,
  process TEXT NOT NULL,
  element TEXT NOT NULL,
  version BIGINT NOT NULL,
  due TIMESTAMPTZ,
  PRIMARY KEY (tenant, process, element)
);
