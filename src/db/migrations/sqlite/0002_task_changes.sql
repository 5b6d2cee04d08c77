-- How often the tasks of each user have changed: with the user's id this names a state of them, so
-- that what was computed from one state (statistics) is never taken for another's.

ALTER TABLE task_totals ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;
