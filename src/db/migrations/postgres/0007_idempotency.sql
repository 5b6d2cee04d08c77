-- The answers to requests with an Idempotency-Key, each written with the change it answers.

CREATE TABLE idempotency_keys (
    sender TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    request_hash TEXT COLLATE "C" NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (sender, key)
);

-- Finds the rows that have had their time.
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
