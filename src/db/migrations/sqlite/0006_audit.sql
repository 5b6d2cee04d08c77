-- What reading the log of changes needs, and what keeps its rows as they were written.

-- Finds the history of one resource, in the order of the log (the seq is part of each entry). The id
-- comes first: a filter for a type alone reads the log in order instead, and stops with its page.
-- With it and the triggers 64 clients made 19,400 tasks a second, without them 21,000 (medians of four
-- alternating runs of wrk on two busy cores).
CREATE INDEX events_resource ON events (resource_id, resource_type);

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never removed');
END;
