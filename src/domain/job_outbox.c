#include "domain/job_outbox.h"

#include "base/error.h"
#include "domain/job.h"
#include "domain/job_operation.h"

enum { NAMES_LIMIT = 256, RECLAIM_BATCH = 1000 };

#define BYTES_LIMIT (INT64_C(4) << 20) /* of the data of a batch, but for the last one's */

/* Every operation that anybody has offered. */
static int load_operations(struct db_connection *connection, struct arena *arena,
                           struct text *names, size_t *ret_count)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(connection,
                        TEXT("SELECT name FROM job_operations WHERE paused = 0 "
                             "AND seen_at IS NOT NULL ORDER BY name LIMIT $1"),
                        DB_VALUES(db_integer(NAMES_LIMIT)), &rows);
    size_t count = 0;
    while (more >= 0 && (more = db_rows_next(&rows)) > 0)
        names[count++] = arena_copy(arena, db_column_text(&rows, 0));
    *ret_count = count;
    return more;
}

struct batch {
    struct job_posting *postings;
    size_t count;
    int64_t bytes;
};

static bool is_full(const struct batch *batch)
{
    return batch->count == JOB_OUTBOX_BATCH || batch->bytes >= BYTES_LIMIT;
}

static int find(struct db_connection *connection, struct text operation, struct batch *batch)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(
        connection,
        db_dialect(connection,
                   TEXT("SELECT number, (SELECT length(data) FROM job_data "
                        "WHERE job_data.number = jobs.number) FROM jobs "
                        "WHERE status = 0 AND published_at = 0 AND operation = $1 "
                        "ORDER BY turn LIMIT $2"),
                   TEXT("SELECT number, (SELECT length(data) FROM job_data "
                        "WHERE job_data.number = jobs.number) FROM jobs "
                        "WHERE status = 0 AND published_at = 0 AND operation = $1 "
                        "ORDER BY turn LIMIT $2 FOR UPDATE SKIP LOCKED")),
        DB_VALUES(db_text(operation), db_integer((int64_t)(JOB_OUTBOX_BATCH - batch->count))),
        &rows);
    while (more >= 0 && (more = db_rows_next(&rows)) > 0) {
        if (is_full(batch))
            continue;
        batch->postings[batch->count++] = (struct job_posting){
            .number = db_column_integer(&rows, 0), .message.operation = operation};
        batch->bytes += db_column_integer(&rows, 1);
    }
    return more;
}

static int mark(struct db_connection *connection, struct arena *arena, int64_t now,
                struct job_posting *posting)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error =
        db_query_one(connection,
                     TEXT("UPDATE jobs SET published_at = $2 WHERE number = $1 AND status = 0 "
                          "RETURNING id, attempts + 1, fence, "
                          "(SELECT data FROM job_data WHERE job_data.number = jobs.number)"),
                     DB_VALUES(db_integer(posting->number), db_integer(now)), &rows);
    if (error < 0)
        return error;
    posting->message.id = arena_copy(arena, db_column_text(&rows, 0));
    posting->message.attempt = db_column_integer(&rows, 1);
    posting->message.fence = db_column_integer(&rows, 2);
    posting->message.data = arena_copy(arena, db_column_text(&rows, 3));
    return 0;
}

int job_outbox_take(struct db_connection *connection, struct arena *arena, int64_t now,
                    struct job_posting *postings)
{
    struct text names[NAMES_LIMIT];
    struct batch batch = {.postings = postings};
    size_t names_count = 0;
    int error = load_operations(connection, arena, names, &names_count);
    for (size_t i = 0; error >= 0 && i < names_count && !is_full(&batch); i++)
        error = find(connection, names[i], &batch);
    for (size_t i = 0; error >= 0 && i < batch.count; i++)
        error = mark(connection, arena, now, &postings[i]);
    return error < 0 ? error : (int)batch.count;
}

int job_outbox_return(struct db_connection *connection, const int64_t *numbers, size_t count,
                      int64_t now)
{
    int error = 0;
    for (size_t i = 0; error >= 0 && i < count; i++)
        error = db_execute(connection,
                           TEXT("UPDATE jobs SET published_at = 0 "
                                "WHERE number = $1 AND status = 0 AND published_at = $2"),
                           DB_VALUES(db_integer(numbers[i]), db_integer(now)));
    return error < 0 ? error : 0;
}

int job_outbox_reclaim(struct db_connection *connection, struct text operation, int64_t before)
{
    return db_execute(
        connection,
        TEXT("UPDATE jobs SET published_at = 0 WHERE number IN (SELECT number "
             "FROM jobs WHERE status = 0 AND operation = $1 "
             "AND published_at BETWEEN 1 AND $2 LIMIT $3) AND status = 0"),
        DB_VALUES(db_text(operation), db_integer(before - 1), db_integer(RECLAIM_BATCH)));
}
