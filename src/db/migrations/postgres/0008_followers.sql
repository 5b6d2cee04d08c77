-- What follows the log of changes, and the seals of the log; see the SQLite migration of the same name.

CREATE TABLE followers (
    name TEXT COLLATE "C" PRIMARY KEY,
    position BIGINT NOT NULL
);

CREATE TABLE audit_seals (
    last_seq BIGINT PRIMARY KEY,
    count BIGINT NOT NULL,
    row_hashes TEXT COLLATE "C" NOT NULL,
    previous_hash TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    sealed_at BIGINT NOT NULL
);
