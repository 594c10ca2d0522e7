-- What the room `disposal` says of a case: whether its deletion is held back (Löschsperre), and how far the archive is with
-- it: `offered`, `settled`, empty before. So it is told by the case alone whether it may go.
ALTER TABLE records_case ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE records_case ADD COLUMN disposal TEXT NOT NULL DEFAULT '';
UPDATE records_case SET held = TRUE
  WHERE EXISTS (SELECT 1 FROM records_hold h
                WHERE h.tenant = records_case.tenant AND h.case_id = records_case.id AND h.lifted_at IS NULL);
UPDATE records_case SET disposal = (SELECT CASE WHEN o.settled THEN 'settled' ELSE 'offered' END FROM records_offered o
                                    WHERE o.tenant = records_case.tenant AND o.case_id = records_case.id)
  WHERE EXISTS (SELECT 1 FROM records_offered o
                WHERE o.tenant = records_case.tenant AND o.case_id = records_case.id);
