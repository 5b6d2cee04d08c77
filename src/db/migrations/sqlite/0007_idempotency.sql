-- The answers to requests with an Idempotency-Key, each written with the change it answers.

CREATE TABLE idempotency_keys (
    sender TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (sender, key)
) STRICT;

-- Finds the rows that have had their time.
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
