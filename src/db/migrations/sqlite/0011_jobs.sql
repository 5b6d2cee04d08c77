-- Jobs: what is to be done in the background, by whom it is being done, and what came of it.
--
-- status is a rank of job_statuses (domain/job_schema.c): 0 queued, 1 scheduled, 2 processing, 3 finished,
-- 4 failed (and to be tried again), 5 dead, 6 cancelled. The partial indexes name these numbers.
--
--   number      orders jobs as they came; id is what clients know, and cannot be guessed
--   turn        when it would be its turn: run_at, less the head start of its priority
--   fence       raised by every lease: whoever holds an older one can no longer end the job
--   attempts    how often it was begun, but for those begun in vain; crashes: how often its worker died
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE, -- null: the server's own
    operation TEXT NOT NULL,
    status INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    unique_key TEXT,
    run_at INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    crashes INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    lease_until INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    progress INTEGER NOT NULL,
    result TEXT,
    error TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER
) STRICT;

-- What a job works on stands apart, so that a change of the job's state does not write it anew.
CREATE TABLE job_data (
    number INTEGER PRIMARY KEY REFERENCES jobs (number) ON DELETE CASCADE,
    data TEXT NOT NULL
) STRICT;

-- A worker takes the first in turn of each operation that it knows.
CREATE INDEX jobs_queued ON jobs (operation, turn) WHERE status = 0;

-- Those that wait for their time, the next one first.
CREATE INDEX jobs_waiting ON jobs (run_at) WHERE status IN (1, 4);

-- Those that are being worked on, by the end of their lease.
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE status = 2;

-- Lists of a user's jobs (the number is part of each entry), and the check of the foreign key.
CREATE INDEX jobs_user ON jobs (user_id);

-- The dead, for those who look after them.
CREATE INDEX jobs_dead ON jobs (number) WHERE status = 5;

-- One job with a key at a time, for each user and for the server itself.
CREATE UNIQUE INDEX jobs_unique_key ON jobs (coalesce(user_id, 0), unique_key)
WHERE unique_key IS NOT NULL AND status IN (0, 1, 2, 4);

-- Operations that workers bring along, and those that are paused.
CREATE TABLE job_operations (
    name TEXT PRIMARY KEY,
    seen_at INTEGER, -- when a worker last said that it knows the operation; null: none ever did
    paused INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The schedule orders jobs, and knows periods of other lengths than days.
ALTER TABLE schedule RENAME COLUMN last_day TO last_period;
