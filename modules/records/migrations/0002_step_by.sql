-- Who did a step, for staff: applicant, staff (then which), process. Steps from before do not say it.
ALTER TABLE records_step ADD COLUMN by_kind TEXT;
ALTER TABLE records_step ADD COLUMN by_staff UUID;
