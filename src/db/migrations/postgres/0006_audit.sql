-- What reading the log of changes needs, and what keeps its rows as they were written; see the SQLite
-- migration of the same name.

CREATE INDEX events_resource ON events (resource_id, resource_type, seq);

CREATE FUNCTION refuse_change_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never %', CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_events();

CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_events();

CREATE TRIGGER events_are_not_emptied BEFORE TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events();
