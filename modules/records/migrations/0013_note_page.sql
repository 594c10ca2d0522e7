-- The page of the document that a note is about, from 1; NULL for the whole document.
ALTER TABLE records_note ADD COLUMN page BIGINT;
