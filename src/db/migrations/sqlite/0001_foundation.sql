-- Accounts, tasks, tags, and the log of changes.
--
-- Instants are microseconds since 1970 (UTC), dates are days since 1970. Enumerations are stored as
-- the rank of the value in its list, so that sorting by them is sorting by meaning.
-- AUTOINCREMENT where an id must never come back: a token or a bookmark of something deleted must
-- not lead to something new.

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    username_folded TEXT NOT NULL UNIQUE,
    email TEXT,
    email_folded TEXT UNIQUE,
    full_name TEXT,
    password_hash TEXT NOT NULL,
    role INTEGER NOT NULL,
    is_active INTEGER NOT NULL,
    token_generation INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

-- tags holds the JSON array that is sent, so that reading a task reads one row; task_tags holds the
-- same tags one by one for filters. task.c writes both.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    assigned_user_id INTEGER REFERENCES users (id),
    title TEXT NOT NULL,
    description TEXT,
    status INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    due_date INTEGER,
    tags TEXT NOT NULL,
    city TEXT,
    weather TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    completed_at INTEGER,
    version INTEGER NOT NULL
) STRICT;

-- Serves every list of a user's tasks (the id is part of each entry) and the check of the foreign
-- key when a user is deleted.
CREATE INDEX tasks_user ON tasks (user_id);

-- Likewise for assigned_to; partial, because most tasks are assigned to nobody.
CREATE INDEX tasks_assigned ON tasks (assigned_user_id) WHERE assigned_user_id IS NOT NULL;

CREATE TABLE task_tags (
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (task_id, tag)
) STRICT, WITHOUT ROWID;

-- How many tasks each user has: the total of an unfiltered list without counting.
CREATE TABLE task_totals (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    total INTEGER NOT NULL
) STRICT;

-- One row for every change, written with it. Rows are never changed or removed, so the plain row id
-- is a sequence without gaps. actor_id is null when errand itself acted.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor_id INTEGER,
    action TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id INTEGER NOT NULL,
    request_id TEXT,
    changes TEXT NOT NULL
) STRICT;
