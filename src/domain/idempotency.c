#include "domain/idempotency.h"

#include "base/error.h"

int idempotency_load(struct db_connection *connection, struct arena *arena,
                     struct idempotent_answer *answer)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_lock(connection, (int64_t)text_hash(answer->key, text_hash(answer->sender, 0)));
    if (error < 0)
        return error;
    error = db_query_one(connection,
                         TEXT("SELECT request_hash, status, headers, body FROM idempotency_keys "
                              "WHERE sender = $1 AND key = $2 AND created_at > $3"),
                         DB_VALUES(db_text(answer->sender), db_text(answer->key),
                                   db_integer(clock_now() - IDEMPOTENCY_LIFETIME)),
                         &rows);
    if (error < 0)
        return error;
    answer->kept_hash = arena_copy(arena, db_column_text(&rows, 0));
    if (answer->request_hash.data != NULL && !text_equal(answer->kept_hash, answer->request_hash))
        return ERROR_CONFLICT;
    answer->status = db_column_integer(&rows, 1);
    answer->headers = arena_copy(arena, db_column_text(&rows, 2));
    answer->body = arena_copy(arena, db_column_text(&rows, 3));
    return 0;
}

struct find {
    struct arena *arena;
    struct idempotent_answer *answer;
};

static int run_find(struct db_connection *connection, void *argument)
{
    const struct find *find = argument;
    return idempotency_load(connection, find->arena, find->answer);
}

int idempotency_find(struct services *services, struct arena *arena,
                     struct idempotent_answer *answer)
{
    struct find find = {arena, answer};
    return db_read(services->db, DB_SINGLE, run_find, &find);
}

/* Each key that is kept clears away a few that have had their time, so none of them stays long and
 * no request pays for many. */
static int forget_old(struct db_connection *connection)
{
    return db_execute(connection,
                      TEXT("DELETE FROM idempotency_keys WHERE (sender, key) IN "
                           "(SELECT sender, key FROM idempotency_keys WHERE created_at <= $1 "
                           "ORDER BY created_at LIMIT 4)"),
                      DB_VALUES(db_integer(clock_now() - IDEMPOTENCY_LIFETIME)));
}

int idempotency_keep(struct db_connection *connection, const struct idempotent_answer *answer)
{
    int error = forget_old(connection);
    if (error < 0)
        return error;
    return db_execute(
        connection,
        TEXT("INSERT INTO idempotency_keys "
             "(sender, key, request_hash, status, headers, body, created_at) "
             "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (sender, key) DO UPDATE SET "
             "request_hash = excluded.request_hash, status = excluded.status, "
             "headers = excluded.headers, body = excluded.body, created_at = excluded.created_at"),
        DB_VALUES(db_text(answer->sender), db_text(answer->key), db_text(answer->request_hash),
                  db_integer(answer->status), db_text(answer->headers), db_text(answer->body),
                  db_integer(clock_now())));
}
