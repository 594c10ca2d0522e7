-- The job that was given up, where that is the incident: it runs again when somebody says so.
ALTER TABLE processes_incident ADD COLUMN job UUID;
