-- The job that was given up, where that is the incident: it runs again when somebody says so.
ALTER TABLE processes_incident ADD COLUMN job UUID;
-- Every step that is left looks for open incidents of its token.
CREATE INDEX processes_incident_token ON processes_incident (tenant, instance, token);
