-- Whose case it is, for the lists. Cases from before show it as soon as something changes in them.
ALTER TABLE desk_item ADD COLUMN party TEXT NOT NULL DEFAULT '';
-- FEEL over the task's codes: only when it holds, the finished task counts as a Medienbruch.
ALTER TABLE desk_task ADD COLUMN media_break_when TEXT;
