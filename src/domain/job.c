#include "domain/job.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "cache/cache.h"
#include "domain/event.h"
#include "domain/job_operation.h"
#include "domain/job_queue.h"
#include "domain/row.h"
#include "domain/task.h"
#include "domain/transaction.h"
#include "schema/encode.h"

/* How soon who waits sees what another process has ended that could not, or could, say so. */
#define RECHECK (CLOCK_SECOND / 10)
#define RECHECK_CARRIED CLOCK_SECOND

#define KEPT_LIMIT CLOCK_HOUR /* how long a finished job is kept in memory and Redis, at most */

bool job_is_over(const struct job *job)
{
    return job->status == JOB_FINISHED || job->status == JOB_DEAD || job->status == JOB_CANCELLED;
}

bool job_is_visible(const struct actor *actor, const struct job *job)
{
    return actor->is_admin || (actor->user_id != 0 && job->user_id == actor->user_id);
}

int64_t job_turn(int64_t run_at, int64_t priority)
{
    return run_at - priority * JOB_HEAD_START;
}

void job_add_columns(struct sql *sql)
{
    row_add_columns(sql, &job_schema);
    sql_add(sql, ", number");
}

void job_decode(const struct db_rows *rows, struct arena *arena, struct job *job)
{
    *job = (struct job){0};
    int column = row_decode(&job_schema, rows, arena, job);
    job->number = db_column_integer(rows, column);
}

/* What the log of changes says of a job that is over. */
static const struct field event_fields[] = {
    {.name = "id", .type = FIELD_TEXT, .flags = FIELD_STORED, .offset = offsetof(struct job, id)},
    {.name = "operation",
     .type = FIELD_TEXT,
     .flags = FIELD_STORED,
     .offset = offsetof(struct job, operation)},
    {.name = "status",
     .type = FIELD_ENUM,
     .flags = FIELD_STORED,
     .offset = offsetof(struct job, status),
     .values = &job_statuses},
};
static const struct schema event_schema = {.name = "JobEvent", SCHEMA_FIELDS(event_fields)};

int job_append_event(struct db_connection *connection, struct arena *arena, const struct job *job)
{
    if (job->user_id == FIELD_INTEGER_NULL)
        return 0; /* the server's own work is nobody's news */
    const struct actor actor = {.user_id = job->user_id};
    const struct event event = {"job.finished", &event_schema, job->number, NULL, job};
    return event_append(connection, arena, &actor, &event);
}

/* Submitting. */

struct submission {
    struct arena *arena;
    struct job *job;
    struct text data;
    bool carried; /* by a broker */
};

static int find_by_key(struct db_connection *connection, struct arena *arena, int64_t user_id,
                       struct text unique_key, struct job *ret_job)
{
    struct sql sql;
    sql_init(&sql, arena);
    sql_add(&sql, "SELECT ");
    job_add_columns(&sql);
    sql_add(&sql, " FROM jobs WHERE coalesce(user_id, 0) = ");
    sql_value(&sql, db_integer(user_id == FIELD_INTEGER_NULL ? 0 : user_id));
    sql_add(&sql, " AND unique_key = ");
    sql_value(&sql, db_text(unique_key));
    sql_add(&sql, " AND unique_key IS NOT NULL AND status IN (0, 1, 2, 4)");
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = sql_query_one(&sql, connection, &rows);
    if (error == 0)
        job_decode(&rows, arena, ret_job);
    return error;
}

static int insert(struct db_connection *connection, const struct submission *submission)
{
    struct job *job = submission->job;
    const struct row_column extra[] = {
        {"id", db_text(job->id)},
        {"turn", db_integer(job_turn(job->run_at, job->priority))},
        {"published_at", submission->carried ? db_integer(0) : db_null()},
    };
    struct sql sql;
    sql_init(&sql, submission->arena);
    sql_add(&sql, "INSERT INTO jobs ");
    row_add_insert(&sql, &job_schema, job, extra, sizeof extra / sizeof extra[0]);
    sql_add(&sql, " RETURNING number");
    int error = sql_query_integer(&sql, connection, &job->number);
    if (error < 0)
        return error;
    return db_execute(connection, TEXT("INSERT INTO job_data (number, data) VALUES ($1, $2)"),
                      DB_VALUES(db_integer(job->number), db_text(submission->data)));
}

static int run_submit(struct db_connection *connection, void *argument)
{
    struct submission *submission = argument;
    struct job *job = submission->job;
    if (job->unique_key.data != NULL) {
        struct job other;
        int error = db_lock(connection, (int64_t)text_hash(job->unique_key, 0));
        if (error < 0)
            return error;
        error = find_by_key(connection, submission->arena, job->user_id, job->unique_key, &other);
        if (error == 0) {
            other.existed = true;
            *job = other;
        }
        if (error != ERROR_NOT_FOUND)
            return error;
    }
    int error = insert(connection, submission);
    return error < 0 ? error : 0;
}

/* What the one who submits does not say. */
static void settle(struct arena *arena, const struct actor *actor, int64_t max_attempts,
                   struct job *job)
{
    char id[UUID_SIZE];
    uuid_format(id);
    job->id = arena_copy(arena, text_from(id));
    job->created_at = clock_now();
    job->user_id = actor->user_id;
    if (job->run_at == FIELD_INTEGER_NULL)
        job->run_at = job->created_at;
    if (job->max_attempts == FIELD_INTEGER_NULL)
        job->max_attempts = max_attempts;
    job->status = job->run_at > job->created_at ? JOB_SCHEDULED : JOB_QUEUED;
}

int job_submit(struct services *services, const struct actor *actor, struct problems *problems,
               struct job *job)
{
    int error = job_operation_require(services, problems, job->operation);
    if (error < 0)
        return error;
    if (job_queue_is_full(services->jobs))
        return ERROR_BUSY;
    struct submission submission = {problems->arena, job, job->data, services->broker != NULL};
    settle(problems->arena, actor, services->config->job_max_attempts, job);
    error = transaction_write(services, actor, run_submit, &submission);
    if (error == 0 && !job->existed && job->status == JOB_QUEUED)
        job_queue_wake(services->jobs, 1);
    return error;
}

static int place(struct db_connection *connection, struct arena *arena,
                 const struct job_order *order, struct job *ret_job)
{
    static const struct actor server = {0};
    struct job job = {
        .operation = text_from(order->operation),
        .priority = PRIORITY_MEDIUM,
        .run_at = order->run_at == 0 ? FIELD_INTEGER_NULL : order->run_at,
        .unique_key = text_from(order->unique_key),
        .max_attempts = JOB_ATTEMPTS_LIMIT,
        .started_at = FIELD_INTEGER_NULL,
        .finished_at = FIELD_INTEGER_NULL,
    };
    settle(arena, &server, JOB_ATTEMPTS_LIMIT, &job);
    job.user_id = FIELD_INTEGER_NULL;
    struct submission submission = {arena, &job, order->data, false};
    int error = run_submit(connection, &submission);
    if (error >= 0)
        *ret_job = job;
    return error;
}

int job_order(struct db_connection *connection, struct arena *arena, const struct job_order *order)
{
    struct job job;
    return place(connection, arena, order, &job);
}

struct placing {
    struct arena *arena;
    const struct job_order *order;
    struct job *job;
};

static int run_place(struct db_connection *connection, void *argument)
{
    const struct placing *placing = argument;
    return place(connection, placing->arena, placing->order, placing->job);
}

int job_place(struct services *services, struct arena *arena, const struct actor *actor,
              const struct job_order *order, struct job *ret_job)
{
    if (job_queue_is_full(services->jobs))
        return ERROR_BUSY;
    struct placing placing = {arena, order, ret_job};
    int error = transaction_write(services, actor, run_place, &placing);
    if (error == 0 && !ret_job->existed)
        job_queue_call(services->jobs, 1);
    return error;
}

/* Finding. */

bool job_is_id(struct text id)
{
    return id.length == UUID_SIZE - 1 && !text_has_nul(id);
}

int job_load(struct db_connection *connection, struct arena *arena, struct text id,
             struct job *ret_job)
{
    if (!job_is_id(id))
        return ERROR_NOT_FOUND;
    struct sql sql;
    sql_init(&sql, arena);
    sql_add(&sql, "SELECT ");
    job_add_columns(&sql);
    sql_add(&sql, " FROM jobs WHERE id = ");
    sql_value(&sql, db_text(id));
    sql_add(&sql, DB_FOR_UPDATE(connection));
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = sql_query_one(&sql, connection, &rows);
    if (error == 0)
        job_decode(&rows, arena, ret_job);
    return error;
}

struct call {
    struct arena *arena;
    const struct actor *actor;
    struct problems *problems;
    struct text id;
    struct job *job;
};

static int load_visible(struct db_connection *connection, const struct call *call)
{
    int error = job_load(connection, call->arena, call->id, call->job);
    if (error < 0)
        return error;
    return call->actor == NULL || job_is_visible(call->actor, call->job) ? 0 : ERROR_NOT_FOUND;
}

static int run_find(struct db_connection *connection, void *argument)
{
    return load_visible(connection, argument);
}

int job_find(struct services *services, struct arena *arena, const struct actor *actor,
             struct text id, struct job *ret_job)
{
    struct call call = {.arena = arena, .actor = actor, .id = id, .job = ret_job};
    return db_read(services->db, DB_SINGLE, run_find, &call);
}

static int run_find_status(struct db_connection *connection, void *argument)
{
    struct call *call = argument;
    return db_query_integer(connection, TEXT("SELECT status FROM jobs WHERE id = $1"),
                            DB_VALUES(db_text(call->id)), &call->job->status);
}

/* Until the job is over or gone, the deadline, or the end of the server. */
static void wait_for_end(struct services *services, struct text id, int64_t deadline)
{
    struct job job = {0};
    struct call call = {.id = id, .job = &job};
    bool done = false;
    while (!done) {
        struct job_waiter waiter;
        job_queue_expect(services->jobs, &waiter, id);
        int64_t now = clock_monotonic();
        int error = db_read(services->db, DB_SINGLE, run_find_status, &call);
        done = error < 0 || job_is_over(&job) || now >= deadline;
        int64_t look = now + (wake_is_carried(services->wake) ? RECHECK_CARRIED : RECHECK);
        int64_t until = deadline < look ? deadline : look;
        int waited = job_queue_await(services->jobs, &waiter, done ? 0 : until);
        done = done || waited == ERROR_CANCELLED || waiter.closed;
    }
}

static int find_when_over(struct services *services, struct arena *arena, const struct actor *actor,
                          struct text id, int64_t deadline, struct job *ret_job)
{
    int error = job_find(services, arena, actor, id, ret_job);
    if (error < 0 || job_is_over(ret_job) || clock_monotonic() >= deadline)
        return error;
    wait_for_end(services, id, deadline);
    return job_find(services, arena, actor, id, ret_job);
}

/* A job that is finished stays as it is until it is swept, or goes with its owner's account. So it
 * is kept for its owner alone, and not beyond the sweep. */
static struct text kept_key(const struct services *services, struct arena *arena,
                            const struct actor *actor, struct text id)
{
    return arena_format(arena, "job:%jd:%jd:%.*s", (intmax_t)actor->user_id,
                        (intmax_t)services->config->job_result_ttl, TEXT_ARGUMENTS(id));
}

static void keep(struct services *services, struct arena *arena, const struct actor *actor,
                 const struct job *job, struct text json)
{
    if (job->status != JOB_FINISHED || job->user_id != actor->user_id)
        return;
    int64_t swept_at = job->finished_at + services->config->job_result_ttl * CLOCK_SECOND;
    int64_t left = swept_at - clock_now();
    if (left > 0)
        cache_put(services->cache, kept_key(services, arena, actor, job->id), json,
                  left < KEPT_LIMIT ? left : KEPT_LIMIT);
}

int job_await(struct services *services, struct arena *arena, const struct actor *actor,
              struct text id, int64_t deadline, struct text *ret_json)
{
    if (!job_is_id(id))
        return ERROR_NOT_FOUND;
    if (cache_get(services->cache, arena, kept_key(services, arena, actor, id), ret_json))
        return 0;
    struct job job;
    int error = find_when_over(services, arena, actor, id, deadline, &job);
    if (error >= 0)
        error = encode_text(&job_schema, &job, arena, ret_json);
    if (error >= 0)
        keep(services, arena, actor, &job, *ret_json);
    return error;
}

/* Cancelling. */

static int run_cancel(struct db_connection *connection, void *argument)
{
    const struct call *call = argument;
    struct job *job = call->job;
    call->problems->count = 0;
    int error = load_visible(connection, call);
    if (error < 0)
        return error;
    if (job_is_over(job)) {
        problem_value(call->problems, "job_id", "The job is over");
        return ERROR_CONFLICT;
    }
    if (job->status == JOB_PROCESSING) {
        error =
            db_execute(connection, TEXT("UPDATE jobs SET cancel_requested = 1 WHERE number = $1"),
                       DB_VALUES(db_integer(job->number)));
        return error < 0 ? error : 0;
    }
    job->status = JOB_CANCELLED;
    job->finished_at = clock_now();
    error = db_execute(
        connection, TEXT("UPDATE jobs SET status = $2, finished_at = $3 WHERE number = $1"),
        DB_VALUES(db_integer(job->number), db_integer(job->status), db_integer(job->finished_at)));
    return error < 0 ? error : job_append_event(connection, call->arena, job);
}

int job_cancel(struct services *services, struct problems *problems, const struct actor *actor,
               struct text id, struct job *ret_job)
{
    struct call call = {problems->arena, actor, problems, id, ret_job};
    int error = transaction_write(services, actor, run_cancel, &call);
    if (error == 0 && ret_job->status == JOB_CANCELLED)
        job_queue_announce(services->jobs, ret_job->id);
    return error;
}
