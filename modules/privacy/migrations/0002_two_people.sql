-- Deletion takes two people: one has looked at the case and says that it may go, another one releases it.
ALTER TABLE privacy_due ADD COLUMN checked_by UUID;
ALTER TABLE privacy_due ADD COLUMN checked_at TIMESTAMPTZ;
