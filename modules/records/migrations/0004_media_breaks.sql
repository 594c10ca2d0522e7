-- The figures of processes count the manual steps into other systems since a day.
CREATE INDEX records_step_break ON records_step (tenant, media_break, at);
