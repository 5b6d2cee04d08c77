-- Jobs that a broker carries to their workers, and which of them are still to be handed to it.
--
--   published_at   null: no broker carries the job; 0: it is to be published once it is queued;
--                  otherwise when that was done, in microseconds
ALTER TABLE jobs ADD COLUMN published_at INTEGER;

-- What a relay is to publish, the first in turn first.
CREATE INDEX jobs_unpublished ON jobs (operation, turn) WHERE status = 0 AND published_at = 0;
