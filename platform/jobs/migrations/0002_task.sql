-- The place in a process that waits for the job, if any.
ALTER TABLE jobs_job ADD COLUMN task_instance UUID;
ALTER TABLE jobs_job ADD COLUMN task_token BIGINT;
