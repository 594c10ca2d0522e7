-- When the subscriber last got on: one that reads old entries anew is at work, one that stays where it is is not.
ALTER TABLE journal_cursor ADD COLUMN moved_at TIMESTAMPTZ;
