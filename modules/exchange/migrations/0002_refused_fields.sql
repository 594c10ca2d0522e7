-- A refused row is known by its line: what stands in it may tell of a person and stays in the table it came from. `field` is the
-- faulty one of the mapping, empty where it is the whole row; `erased_on` the day on which the same was erased here.
ALTER TABLE exchange_refused ADD COLUMN field TEXT NOT NULL DEFAULT '';
ALTER TABLE exchange_refused ADD COLUMN erased_on DATE;
UPDATE exchange_refused SET old_id = '', value = '';
