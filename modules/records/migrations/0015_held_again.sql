-- A PostgreSQL database whose owner is no superuser may have run step 0012 before steps saw the rows of all tenants: it found none, and
-- what was held could have been deleted. Everywhere else this changes nothing.
UPDATE records_case SET held = TRUE
  WHERE held = FALSE
    AND EXISTS (SELECT 1 FROM records_hold h
                WHERE h.tenant = records_case.tenant AND h.case_id = records_case.id AND h.lifted_at IS NULL);
UPDATE records_case SET disposal = (SELECT CASE WHEN o.settled THEN 'settled' ELSE 'offered' END FROM records_offered o
                                    WHERE o.tenant = records_case.tenant AND o.case_id = records_case.id)
  WHERE disposal = ''
    AND EXISTS (SELECT 1 FROM records_offered o
                WHERE o.tenant = records_case.tenant AND o.case_id = records_case.id);
