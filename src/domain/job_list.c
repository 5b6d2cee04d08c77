#include "domain/job_list.h"

#include "base/clock.h"
#include "base/error.h"
#include "domain/cursor.h"
#include "domain/job_queue.h"
#include "domain/row.h"
#include "domain/transaction.h"

enum {
    LIMIT_DEFAULT = 50,
    LIMIT_MAXIMUM = 100,
    DEAD_BATCH = 500, /* that one transaction changes: others write in between */
    SWEEP_BATCH = 1000,
};

#define PART_FIELDS                                                                                \
    {.name = "limit",                                                                              \
     .type = FIELD_INTEGER,                                                                        \
     .offset = offsetof(struct job_query, limit),                                                  \
     .minimum = 1,                                                                                 \
     .maximum = LIMIT_MAXIMUM,                                                                     \
     .default_value = "50",                                                                        \
     .description = "How many at most"},                                                           \
        {.name = "cursor",                                                                         \
         .type = FIELD_TEXT,                                                                       \
         .offset = offsetof(struct job_query, cursor),                                             \
         .minimum = 1,                                                                             \
         .maximum = 4096,                                                                          \
         .description = "The next_cursor of the page before"},                                     \
    {                                                                                              \
        .name = "operation", .type = FIELD_TEXT, .offset = offsetof(struct job_query, operation),  \
        .minimum = 1, .maximum = 64, .description = "Only jobs of this operation"                  \
    }

static const struct field dead_query_fields[] = {
    PART_FIELDS,
};

static const struct field query_fields[] = {
    PART_FIELDS,
    {.name = "status",
     .type = FIELD_ENUM_SET,
     .offset = offsetof(struct job_query, statuses),
     .values = &job_statuses,
     .description = "Only jobs in one of these states"},
    {.name = "all",
     .type = FIELD_BOOLEAN,
     .offset = offsetof(struct job_query, all),
     .default_value = "false",
     .description = "Everybody's jobs and those of the server itself; for administrators"},
};

static void init_query(void *structure)
{
    struct job_query *query = structure;
    query->limit = LIMIT_DEFAULT;
    query->statuses = FIELD_INTEGER_NULL;
}

const struct schema job_query_schema = {
    SCHEMA_FIELDS(query_fields),
    .size = sizeof(struct job_query),
    .init = init_query,
};

const struct schema dead_job_query_schema = {
    SCHEMA_FIELDS(dead_query_fields),
    .size = sizeof(struct job_query),
    .init = init_query,
};

static const struct field page_fields[] = {
    {.name = "jobs",
     .type = FIELD_LIST,
     .flags = FIELD_READ_ONLY,
     .offset = offsetof(struct job_page, jobs),
     .items = &job_schema},
    {.name = "next_cursor",
     .type = FIELD_TEXT,
     .flags = FIELD_NULLABLE | FIELD_READ_ONLY,
     .offset = offsetof(struct job_page, next_cursor),
     .description = "For the page after this one; null on the last"},
};

const struct schema job_page_schema = {
    .name = "JobPage",
    .description = "A page of jobs, newest first",
    SCHEMA_FIELDS(page_fields),
};

static const struct field filter_fields[] = {
    {.name = "operation",
     .type = FIELD_TEXT,
     .offset = offsetof(struct job_filter, operation),
     .minimum = 1,
     .maximum = 64,
     .description = "Only jobs of this operation"},
};

const struct schema job_filter_schema = {
    SCHEMA_FIELDS(filter_fields),
    .size = sizeof(struct job_filter),
};

static const struct field count_fields[] = {
    {.name = "count",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct job_count, count),
     .description = "How many jobs it was done to"},
};

const struct schema job_count_schema = {
    .name = "JobCount",
    .description = "How many jobs something was done to",
    SCHEMA_FIELDS(count_fields),
};

/* Listing. */

struct list {
    struct arena *arena;
    const struct actor *actor;
    const struct job_query *query;
    int64_t before; /* number; INT64_MAX for the first page */
    struct job_page *page;
};

static void add_conditions(struct sql *sql, const struct list *list)
{
    const struct job_query *query = list->query;
    sql_add(sql, " FROM jobs WHERE number < ");
    sql_value(sql, db_integer(list->before));
    if (!query->all) {
        sql_add(sql, " AND user_id = ");
        sql_value(sql, db_integer(list->actor->user_id));
    }
    if (query->operation.data != NULL) {
        sql_add(sql, " AND operation = ");
        sql_value(sql, db_text(query->operation));
    }
    if (query->statuses == INT64_C(1) << JOB_DEAD) {
        sql_add(sql, " AND status = 5"); /* in words that the index of the dead knows */
    } else if (query->statuses != FIELD_INTEGER_NULL) {
        const char *separator = " AND status IN (";
        for (size_t i = 0; i < job_statuses.count; i++) {
            if ((query->statuses & INT64_C(1) << i) == 0)
                continue;
            sql_add(sql, separator);
            sql_value(sql, db_integer((int64_t)i));
            separator = ", ";
        }
        sql_add(sql, ")");
    }
}

static int run_list(struct db_connection *connection, void *argument)
{
    const struct list *list = argument;
    struct sql sql;
    sql_init(&sql, list->arena);
    sql_add(&sql, "SELECT ");
    job_add_columns(&sql);
    add_conditions(&sql, list);
    sql_add(&sql, " ORDER BY number DESC LIMIT ");
    sql_value(&sql, db_integer(list->query->limit + 1));
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = sql_query(&sql, connection, &rows);
    if (more < 0)
        return more;
    size_t limit = (size_t)list->query->limit;
    struct job *jobs = arena_allocate(list->arena, limit * sizeof *jobs);
    struct text next_cursor = TEXT_NULL;
    size_t count = 0;
    while ((more = db_rows_next(&rows)) > 0) {
        if (count < limit) {
            job_decode(&rows, list->arena, &jobs[count++]);
            continue;
        }
        next_cursor = cursor_encode_sequence(list->arena, jobs[count - 1].number);
    }
    *list->page = (struct job_page){{jobs, count, sizeof *jobs}, next_cursor};
    return more;
}

int job_list(struct services *services, const struct actor *actor, const struct job_query *query,
             struct problems *problems, struct job_page *ret_page)
{
    struct list list = {problems->arena, actor, query, INT64_MAX, ret_page};
    if (query->all && !actor->is_admin)
        return ERROR_FORBIDDEN;
    if (query->cursor.data != NULL &&
        cursor_decode_sequence(list.arena, query->cursor, &list.before) < 0) {
        problems->location = LOCATION_QUERY;
        problem_value(problems, "cursor", "This is not a cursor of this list");
        return ERROR_INVALID;
    }
    return db_read(services->db, DB_HEAVY, run_list, &list);
}

/* The dead. */

struct call {
    struct arena *arena;
    struct problems *problems;
    struct text id;
    struct job *job;
};

/* A job starts anew: as when it was submitted. */
#define REVIVAL                                                                                    \
    "UPDATE jobs SET status = 0, attempts = 0, crashes = 0, cancel_requested = 0, progress = 0, "  \
    "error = NULL, started_at = NULL, finished_at = NULL, run_at = $2, "                           \
    "turn = $2 - priority * $3, " JOB_UNPUBLISHED " "

static int run_retry(struct db_connection *connection, void *argument)
{
    const struct call *call = argument;
    call->problems->count = 0;
    int error = job_load(connection, call->arena, call->id, call->job);
    if (error < 0)
        return error;
    if (call->job->status != JOB_DEAD && call->job->status != JOB_CANCELLED) {
        problem_value(call->problems, "job_id", "Only a dead or a cancelled job can be retried");
        return ERROR_CONFLICT;
    }
    error = db_execute(connection, TEXT(REVIVAL "WHERE number = $1"),
                       DB_VALUES(db_integer(call->job->number), db_integer(clock_now()),
                                 db_integer(JOB_HEAD_START)));
    if (error == ERROR_CONFLICT)
        problem_value(call->problems, "unique_key", "Another job has this key");
    return error < 0 ? error : job_load(connection, call->arena, call->id, call->job);
}

int job_retry(struct services *services, const struct actor *actor, struct problems *problems,
              struct text id, struct job *ret_job)
{
    struct call call = {problems->arena, problems, id, ret_job};
    int error = transaction_write(services, actor, run_retry, &call);
    if (error == 0)
        job_queue_wake(services->jobs, 1);
    return error;
}

struct dead {
    const struct job_filter *filter;
    int64_t after; /* the last one that was looked at */
    int64_t numbers[DEAD_BATCH];
    size_t count;
    int64_t changed;
};

static int find_dead(struct db_connection *connection, struct dead *dead)
{
    dead->count = 0;
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(connection,
                        DB_SKIP_LOCKED(connection,
                                       "SELECT number FROM jobs WHERE status = 5 AND number > $1 "
                                       "AND operation = coalesce($2, operation) ORDER BY number "
                                       "LIMIT $3"),
                        DB_VALUES(db_integer(dead->after), db_text(dead->filter->operation),
                                  db_integer(DEAD_BATCH)),
                        &rows);
    while (more >= 0 && (more = db_rows_next(&rows)) > 0)
        dead->numbers[dead->count++] = db_column_integer(&rows, 0);
    return more;
}

static int run_retry_dead(struct db_connection *connection, void *argument)
{
    struct dead *dead = argument;
    int error = find_dead(connection, dead);
    dead->changed = 0;
    for (size_t i = 0; error >= 0 && i < dead->count; i++) {
        /* The condition is the unique index's, which would refuse the whole transaction. */
        error = db_execute(connection,
                           TEXT(REVIVAL "WHERE number = $1 AND NOT EXISTS (SELECT 1 FROM jobs AS "
                                        "other WHERE coalesce(other.user_id, 0) = "
                                        "coalesce(jobs.user_id, 0) "
                                        "AND other.unique_key = jobs.unique_key "
                                        "AND other.status IN (0, 1, 2, 4))"),
                           DB_VALUES(db_integer(dead->numbers[i]), db_integer(clock_now()),
                                     db_integer(JOB_HEAD_START)));
        if (error > 0)
            dead->changed += error;
    }
    return error < 0 ? error : 0;
}

static int run_purge_dead(struct db_connection *connection, void *argument)
{
    struct dead *dead = argument;
    int error = find_dead(connection, dead);
    dead->changed = 0;
    for (size_t i = 0; error >= 0 && i < dead->count; i++) {
        error = db_execute(connection, TEXT("DELETE FROM jobs WHERE number = $1"),
                           DB_VALUES(db_integer(dead->numbers[i])));
        if (error > 0)
            dead->changed += error;
    }
    return error < 0 ? error : 0;
}

/* Batch after batch, so that others write in between. */
static int change_dead(struct services *services, const struct actor *actor,
                       const struct job_filter *filter, db_fn *fn, struct job_count *ret_count)
{
    struct dead dead = {.filter = filter};
    *ret_count = (struct job_count){0};
    do {
        int error = transaction_write(services, actor, fn, &dead);
        if (error < 0)
            return error;
        ret_count->count += dead.changed;
        if (dead.count > 0)
            dead.after = dead.numbers[dead.count - 1];
    } while (dead.count == DEAD_BATCH);
    return 0;
}

int job_retry_dead(struct services *services, const struct actor *actor,
                   const struct job_filter *filter, struct job_count *ret_count)
{
    int error = change_dead(services, actor, filter, run_retry_dead, ret_count);
    if (error >= 0)
        job_queue_wake(services->jobs, ret_count->count);
    return error;
}

int job_purge_dead(struct services *services, const struct actor *actor,
                   const struct job_filter *filter, struct job_count *ret_count)
{
    return change_dead(services, actor, filter, run_purge_dead, ret_count);
}

/* Sweeping. */

struct sweep {
    int64_t before;
    int64_t after; /* the last one that was looked at */
    int64_t removed;
    bool complete;
};

/* The next batch of rows: its last number, and when the first of them came. */
static int find_part(struct db_connection *connection, const struct sweep *sweep, int64_t *ret_last,
                     int64_t *ret_came)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query_one(connection,
                             TEXT("SELECT coalesce(max(number), 0), coalesce(min(created_at), 0) "
                                  "FROM (SELECT number, created_at FROM jobs WHERE number > $1 "
                                  "ORDER BY number LIMIT $2) AS part"),
                             DB_VALUES(db_integer(sweep->after), db_integer(SWEEP_BATCH)), &rows);
    if (error < 0)
        return error;
    *ret_last = db_column_integer(&rows, 0);
    *ret_came = db_column_integer(&rows, 1);
    return 0;
}

/* Jobs are over after they came, so only those that came before the time need looking at. */
static int run_sweep(struct db_connection *connection, void *argument)
{
    struct sweep *sweep = argument;
    int64_t last;
    int64_t came;
    int error = find_part(connection, sweep, &last, &came);
    if (error < 0)
        return error;
    sweep->complete = last == 0 || came >= sweep->before;
    if (sweep->complete)
        return 0;
    int removed = db_execute(
        connection,
        TEXT("DELETE FROM jobs WHERE number > $1 AND number <= $2 "
             "AND status IN (3, 5, 6) AND finished_at < $3"),
        DB_VALUES(db_integer(sweep->after), db_integer(last), db_integer(sweep->before)));
    if (removed < 0)
        return removed;
    sweep->removed = removed;
    sweep->after = last;
    return 0;
}

int job_sweep(struct services *services, int64_t before, int64_t *ret_count)
{
    struct sweep sweep = {.before = before};
    int64_t count = 0;
    while (!sweep.complete) {
        struct sweep next = sweep;
        int error = db_write(services->db, run_sweep, &next);
        if (error < 0)
            return error;
        sweep = next;
        count += sweep.complete ? 0 : sweep.removed;
    }
    *ret_count = count;
    return 0;
}
