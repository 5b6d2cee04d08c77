-- Jobs that a broker carries to their workers; see the SQLite migration of the same name.
ALTER TABLE jobs ADD COLUMN published_at BIGINT;

-- What a relay is to publish, the first in turn first.
CREATE INDEX jobs_unpublished ON jobs (operation, turn) WHERE status = 0 AND published_at = 0;
