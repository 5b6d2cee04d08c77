#include "domain/event_gap.h"

#include "base/error.h"

/* Below this id no transaction is running, as this transaction sees it. */
static int find_horizon(struct db_connection *connection, int64_t *ret_horizon)
{
    return db_query_integer(
        connection,
        TEXT("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"),
        DB_NO_VALUES, ret_horizon);
}

static int make_note(struct db_connection *connection, struct event_gap *gap, int64_t seen)
{
    int64_t transaction;
    int error = db_query_integer(connection,
                                 TEXT("SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"),
                                 DB_NO_VALUES, &transaction);
    if (error < 0)
        return error;
    *gap = (struct event_gap){seen, transaction};
    return 0;
}

/* The rows up to the first gap that is not known to stay one. */
static int walk(struct db_connection *connection, int64_t position, int64_t count, int64_t passable,
                int64_t *ret_limit, int64_t *ret_seen)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more =
        db_query(connection, TEXT("SELECT seq FROM events WHERE seq > $1 ORDER BY seq LIMIT $2"),
                 DB_VALUES(db_integer(position), db_integer(count)), &rows);
    bool stopped = false;
    *ret_limit = *ret_seen = position;
    while (more >= 0 && (more = db_rows_next(&rows)) > 0) {
        int64_t seq = db_column_integer(&rows, 0);
        stopped = stopped || (seq != *ret_limit + 1 && seq > passable);
        if (!stopped)
            *ret_limit = seq;
        *ret_seen = seq;
    }
    return more;
}

int event_gap_find_limit(struct db_connection *connection, struct event_gap *gap, int64_t position,
                         int64_t count, int64_t *ret_limit)
{
    if (!db_is_postgres(connection)) {
        *ret_limit = INT64_MAX;
        return 0;
    }
    int64_t horizon = 0;
    int error = gap->transaction == 0 ? 0 : find_horizon(connection, &horizon);
    bool passed = gap->transaction != 0 && horizon >= gap->transaction;
    int64_t limit = position;
    int64_t seen = position;
    if (error >= 0)
        error = walk(connection, position, count, passed ? gap->seen : position, &limit, &seen);
    if (error >= 0 && limit < seen && (gap->transaction == 0 || passed))
        error = make_note(connection, gap, seen);
    if (error >= 0)
        *ret_limit = limit;
    return error < 0 ? error : 0;
}
