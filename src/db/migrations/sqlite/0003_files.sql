CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL REFERENCES tasks (id),
    original_filename TEXT NOT NULL,
    file_size INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL,
    blob TEXT NOT NULL UNIQUE -- where the bytes are; the sweep at start looks for it
) STRICT;

-- Serves the list of a task's files, and the check of the foreign key when a task is deleted.
CREATE INDEX files_task ON files (task_id);

-- Bytes whose row is gone: removed after the commit that put them here, or at the next start.
CREATE TABLE unused_blobs (
    blob TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
