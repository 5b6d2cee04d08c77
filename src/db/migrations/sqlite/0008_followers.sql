-- What follows the log of changes, and the seals of the log.

-- Up to where each follower has read. Moving a position is what commits a follower's work, so that
-- of several processes only one does each part of it.
CREATE TABLE followers (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT;

-- Each seal covers the rows of the log behind the seal before it, up to last_seq. row_hashes has
-- "seq:hash " for each of them; hash covers previous_hash and the whole hash of every row.
CREATE TABLE audit_seals (
    last_seq INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    row_hashes TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    sealed_at INTEGER NOT NULL
) STRICT;
