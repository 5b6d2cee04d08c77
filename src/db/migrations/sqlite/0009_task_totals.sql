-- How many tasks each user has of each status and priority: the total of a list without filters, or
-- with those two, without counting. Creating a task still writes one row here. `changes` says, summed
-- over a user's rows, how often that user's tasks have changed; it goes on from where it was. `shard`
-- is for PostgreSQL: there is one writer here, so there is one row.
ALTER TABLE task_totals RENAME TO task_totals_by_user;

CREATE TABLE task_totals (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    shard INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL,
    changes INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, status, priority, shard)
) STRICT, WITHOUT ROWID;

INSERT INTO task_totals (user_id, status, priority, total, changes)
SELECT user_id, 0, 0, 0, changes FROM task_totals_by_user;

INSERT INTO task_totals (user_id, status, priority, total)
SELECT user_id, status, priority, count(*) FROM tasks WHERE true GROUP BY user_id, status, priority
ON CONFLICT (user_id, status, priority, shard) DO UPDATE SET total = excluded.total;

DROP TABLE task_totals_by_user;
