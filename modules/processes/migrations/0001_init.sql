-- A running or ended process (Prozessinstanz). The state holds tokens and variables: ids, codes and amounts only.
CREATE TABLE processes_instance (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  process TEXT NOT NULL,
  version BIGINT NOT NULL,
  case_id UUID NOT NULL,
  state JSONB NOT NULL,
  status TEXT NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX processes_instance_case ON processes_instance (tenant, case_id);
CREATE INDEX processes_instance_process ON processes_instance (tenant, process, status);
-- When a waiting timer is due; the job that fires it is in jobs_job.
CREATE TABLE processes_timer (
  tenant BIGINT NOT NULL,
  instance UUID NOT NULL,
  token BIGINT NOT NULL,
  due TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, instance, token)
);
-- How long a step took. Per step, never per person.
CREATE TABLE processes_visit (
  tenant BIGINT NOT NULL,
  instance UUID NOT NULL,
  token BIGINT NOT NULL,
  element TEXT NOT NULL,
  entered_at TIMESTAMPTZ NOT NULL,
  left_at TIMESTAMPTZ,
  interrupted BOOLEAN NOT NULL,
  PRIMARY KEY (tenant, instance, token, element, entered_at)
);
-- A token that cannot go on until somebody removes the cause.
CREATE TABLE processes_incident (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  instance UUID NOT NULL,
  token BIGINT NOT NULL,
  element TEXT NOT NULL,
  message TEXT NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  resolved_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX processes_incident_open ON processes_incident (tenant, resolved_at, at);
