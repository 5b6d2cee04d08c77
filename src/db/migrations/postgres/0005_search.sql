-- What is searched in, with its letters folded (domain/fold.h), as written by task.c in the statement
-- that writes the task itself. So a search is exact without a follower of the log, and the trigrams
-- wait in the index's list of pending entries until there are many.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

ALTER TABLE tasks
    ADD COLUMN folded_text TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN city_folded TEXT COLLATE "C";

ALTER TABLE users ADD COLUMN folded_text TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE INDEX tasks_search ON tasks USING gin (folded_text gin_trgm_ops);
CREATE INDEX users_search ON users USING gin (folded_text gin_trgm_ops);
