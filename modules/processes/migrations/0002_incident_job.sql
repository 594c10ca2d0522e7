-- The job that was given up, where that is the incident: it runs again when somebody says so.
ALTER TABLE processes_incident ADD COLUMN job UUID;
-- The name of that job; the message is the code of its last failure then, and the page makes the sentence of both.
ALTER TABLE processes_incident ADD COLUMN work TEXT;
-- Every step that is left looks for open incidents of its token.
CREATE INDEX processes_incident_token ON processes_incident (tenant, instance, token);
