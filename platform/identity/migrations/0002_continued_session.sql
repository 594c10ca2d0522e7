-- The account somebody was signed in with when they fetched a higher level and came back with another account.
ALTER TABLE identity_session ADD COLUMN continues UUID;
