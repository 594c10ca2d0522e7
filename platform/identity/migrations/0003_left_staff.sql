-- When somebody left: some time later the row is made anonymous.
ALTER TABLE identity_staff ADD COLUMN left_at TIMESTAMPTZ;
