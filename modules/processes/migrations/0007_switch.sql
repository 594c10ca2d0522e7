-- Running instances of one version are led over to another one (Umstellung). The mapping names steps of the old version
-- with those of the new one. `after_id` is the last instance that was looked at, `seen` counts them, also those that had
-- ended by then. `state` is `running` or `done`.
CREATE TABLE processes_switch (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  process TEXT NOT NULL,
  from_version BIGINT NOT NULL,
  to_version BIGINT NOT NULL,
  mapping JSONB NOT NULL,
  state TEXT NOT NULL,
  total BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  moved BIGINT NOT NULL,
  after_id UUID NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX processes_switch_process ON processes_switch (tenant, process, started_at);
-- An instance that stayed as it was, at which step and why; both are empty where leading it over failed with an error.
CREATE TABLE processes_switch_stay (
  tenant BIGINT NOT NULL,
  run UUID NOT NULL,
  instance UUID NOT NULL,
  element TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (tenant, run, instance),
  FOREIGN KEY (tenant, run) REFERENCES processes_switch (tenant, id)
);
CREATE INDEX processes_switch_stay_instance ON processes_switch_stay (tenant, instance);
-- The running instances of a version in the order in which they are led over.
DROP INDEX processes_instance_version;
CREATE INDEX processes_instance_version ON processes_instance (tenant, process, version, status, id);
-- A time of a start event that had come when another version of its process was released, and that the earlier version,
-- which planned it, still has to begin. The job that does it is in jobs_job.
CREATE TABLE processes_start_overdue (
  tenant BIGINT NOT NULL,
  process TEXT NOT NULL,
  element TEXT NOT NULL,
  version BIGINT NOT NULL,
  due TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, process, element, version, due)
);
