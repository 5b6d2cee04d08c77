-- What users are told. A job writes them, perhaps twice: the unique constraint keeps the first.
CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    event TEXT NOT NULL,
    task_version INTEGER NOT NULL,
    message TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    read_at INTEGER,
    UNIQUE (task_id, task_version, user_id)
) STRICT;

-- Lists of a user's notifications (the id is part of each entry).
CREATE INDEX notifications_user ON notifications (user_id);
