-- The instance and token of the call activity that started this one; both empty for one that nothing called.
ALTER TABLE processes_instance ADD COLUMN parent UUID;
ALTER TABLE processes_instance ADD COLUMN parent_token BIGINT;
CREATE INDEX processes_instance_parent ON processes_instance (tenant, parent, parent_token);
