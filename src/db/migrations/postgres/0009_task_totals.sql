-- How many tasks each user has of each status and priority; see the SQLite migration of the same name.
--
-- A row that a transaction has written stays locked until it commits, so writers of one user would
-- stand in line. Each session therefore counts in a row of its own, or nearly: a session's process
-- number says in which. Only their sum means anything; a single total may be below zero.
ALTER TABLE task_totals RENAME TO task_totals_by_user;

CREATE TABLE task_totals (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    shard BIGINT NOT NULL DEFAULT (pg_backend_pid() % 16),
    total BIGINT NOT NULL,
    changes BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, status, priority, shard)
) WITH (fillfactor = 50);

INSERT INTO task_totals (user_id, status, priority, total, changes)
SELECT user_id, 0, 0, 0, changes FROM task_totals_by_user;

INSERT INTO task_totals (user_id, status, priority, total)
SELECT user_id, status, priority, count(*) FROM tasks WHERE true GROUP BY user_id, status, priority
ON CONFLICT (user_id, status, priority, shard) DO UPDATE SET total = excluded.total;

DROP TABLE task_totals_by_user;
