-- Whether the applicant was proved: nobody else is handed out what the register said.
ALTER TABLE registers_request ADD COLUMN proven BOOLEAN NOT NULL DEFAULT FALSE;
