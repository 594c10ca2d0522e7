-- Further units that see the records of a class (mitwirkende Stellen): their keys, ascending, with a space between.
ALTER TABLE identity_class ADD COLUMN shared TEXT NOT NULL DEFAULT '';
-- What this unit leads is shown to no other unit, whoever would invite it (Sperrvermerk, § 64 PStG).
ALTER TABLE identity_unit ADD COLUMN sealed BOOLEAN NOT NULL DEFAULT FALSE;
-- One row for each set of units.
DROP INDEX identity_class_parts;
CREATE UNIQUE INDEX identity_class_parts ON identity_class (tenant, unit, confidentiality, special, shared);
