-- The times of a repeating timer are counted from where the repetition began, so that no short month and no change of clocks
-- moves the later ones: `due` is `times` intervals after `counted_from`. Timers from before have no
-- `counted_from`: they go on from the time they are due.
ALTER TABLE processes_timer ADD COLUMN counted_from TIMESTAMPTZ;
ALTER TABLE processes_timer ADD COLUMN times BIGINT NOT NULL DEFAULT 0;
