-- The figures of a process count the instances that began or ended since a day.
CREATE INDEX processes_instance_started ON processes_instance (tenant, process, started_at);
CREATE INDEX processes_instance_ended ON processes_instance (tenant, process, ended_at);
