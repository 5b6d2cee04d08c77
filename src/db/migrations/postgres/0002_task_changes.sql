-- How often the tasks of each user have changed; see the SQLite migration of the same name.

ALTER TABLE task_totals ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
