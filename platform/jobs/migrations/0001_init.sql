-- Work that is still to be done; a finished job is deleted.
CREATE TABLE jobs_job (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  name TEXT NOT NULL,
  -- JSON of the job's struct: ids and codes, no personal data.
  body TEXT NOT NULL,
  dedup_key TEXT,
  priority BIGINT NOT NULL,
  -- ready, running, dead
  state TEXT NOT NULL,
  -- ready: not before; running: end of the lease, after which anybody may run it again.
  due TIMESTAMPTZ NOT NULL,
  attempts BIGINT NOT NULL,
  max_attempts BIGINT NOT NULL,
  -- Grows whenever the job changes hands.
  fence BIGINT NOT NULL,
  -- Code of the last failure, no personal data.
  last_error TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX jobs_job_due ON jobs_job (tenant, due) WHERE state <> 'dead';
CREATE INDEX jobs_job_name ON jobs_job (tenant, name, due) WHERE state <> 'dead';
CREATE INDEX jobs_job_dead ON jobs_job (tenant, created_at) WHERE state = 'dead';
-- Only waiting jobs are the same: a running one may have read the state before the change that asks for another.
CREATE UNIQUE INDEX jobs_job_dedup ON jobs_job (tenant, name, dedup_key)
  WHERE dedup_key IS NOT NULL AND state = 'ready';

-- When a schedule fires next. Whoever moves `next_at` on enqueues the job, in one transaction.
CREATE TABLE jobs_schedule (
  tenant BIGINT NOT NULL,
  key TEXT NOT NULL,
  cron TEXT NOT NULL,
  next_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, key)
);
