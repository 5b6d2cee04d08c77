-- The task log, and what the schedule has done.
--
-- One row for each task and day: whether the task was active, that is not done, when it was logged.
-- Columns are named so that they differ from those of tasks. date_logged is in days since 1970.
-- The unique constraint makes logging a day twice harmless, and serves finding a task's latest row
-- and its row of a day.
CREATE TABLE task_log (
    task_logger_id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    date_logged INTEGER NOT NULL,
    active INTEGER NOT NULL,
    UNIQUE (task_id, date_logged)
) STRICT;

-- Every task has a row from the day it was made; 2 is the rank of "done".
INSERT INTO task_log (task_id, date_logged, active)
SELECT id, created_at / 86400000000, status <> 2 FROM tasks ORDER BY id;

-- The last day that each daily job was done for.
CREATE TABLE schedule (
    job TEXT PRIMARY KEY,
    last_day INTEGER NOT NULL
) STRICT;
