#include "domain/job_lease.h"

#include "base/clock.h"
#include "base/error.h"
#include "domain/job_operation.h"

enum { RECOVER_BATCH = 200, PROMOTE_BATCH = 1000, STRAY_BATCH = 1000 };

static const struct text died = {"The worker that ran it died", 27};

/* Leasing. */

struct candidate {
    int64_t number;
    int64_t turn;
    int64_t crashes;
    const struct operation *operation;
};

/* The first in turn of all operations, at most `limit`. */
struct choice {
    struct candidate *candidates;
    size_t count;
    size_t limit;
};

static void add_candidate(struct choice *choice, struct candidate candidate)
{
    size_t place = choice->count;
    while (place > 0 && choice->candidates[place - 1].turn > candidate.turn)
        place--;
    if (place == choice->limit)
        return;
    size_t last = choice->count < choice->limit ? choice->count++ : choice->limit - 1;
    for (size_t i = last; i > place; i--)
        choice->candidates[i] = choice->candidates[i - 1];
    choice->candidates[place] = candidate;
}

/* The first in turn of an operation. */
static int find_first(struct db_connection *connection, const struct operation *operation,
                      const struct choice *choice, struct db_rows *rows)
{
    return db_query(
        connection,
        DB_SKIP_LOCKED(connection, "SELECT number, turn, crashes FROM jobs WHERE status = 0 "
                                   "AND operation = $1 ORDER BY turn LIMIT $2"),
        DB_VALUES(db_text(text_from(operation->name)), db_integer((int64_t)choice->limit)), rows);
}

/* Among the first in turn, those that the broker should have brought by now: they were published
 * before that time, or should have been, or never will be. */
static int find_strays(struct db_connection *connection, const struct operation *operation,
                       const struct choice *choice, int64_t before, struct db_rows *rows)
{
    return db_query(
        connection,
        TEXT("SELECT number, turn, crashes FROM (SELECT number, turn, crashes, run_at, "
             "published_at FROM jobs WHERE status = 0 AND operation = $1 ORDER BY turn LIMIT $4) "
             "AS first WHERE CASE published_at WHEN 0 THEN run_at "
             "ELSE coalesce(published_at, 0) END <= $3 ORDER BY turn LIMIT $2"),
        DB_VALUES(db_text(text_from(operation->name)), db_integer((int64_t)choice->limit),
                  db_integer(before), db_integer(STRAY_BATCH)),
        rows);
}

static int add_candidates(struct db_connection *connection, const struct job_claim *claim,
                          const struct operation *operation, struct choice *choice)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = claim->carried && !operation->internal
                   ? find_strays(connection, operation, choice, claim->stray, &rows)
                   : find_first(connection, operation, choice, &rows);
    while (more >= 0 && (more = db_rows_next(&rows)) > 0)
        add_candidate(choice,
                      (struct candidate){db_column_integer(&rows, 0), db_column_integer(&rows, 1),
                                         db_column_integer(&rows, 2), operation});
    return more;
}

static bool is_wanted(const struct job_claim *claim, const struct operation *operation)
{
    if (operation->external)
        return false;
    return operation->internal || !claim->carried || claim->stray > 0;
}

static int choose(struct db_connection *connection, struct arena *arena,
                  const struct job_claim *claim, struct choice *choice)
{
    struct job_pauses pauses;
    int error = job_operation_load_pauses(connection, arena, &pauses);
    for (size_t i = 0; error >= 0 && i < operations_count(claim->operations); i++) {
        const struct operation *operation = operations_at(claim->operations, i);
        if (is_wanted(claim, operation) && !job_operation_is_paused(&pauses, operation->name))
            error = add_candidates(connection, claim, operation, choice);
    }
    return error;
}

/* Those that may be leased together: one whose worker has died only by itself. */
static size_t count_together(const struct choice *choice)
{
    if (choice->count > 0 && choice->candidates[0].crashes > 0)
        return 1;
    size_t count = 0;
    while (count < choice->count && choice->candidates[count].crashes == 0)
        count++;
    return count;
}

#define LEASE(condition)                                                                           \
    TEXT("UPDATE jobs SET status = 2, fence = fence + 1, attempts = attempts + 1, progress = 0, "  \
         "worker = $1, lease_until = $2, started_at = coalesce(started_at, $3) "                   \
         "WHERE status = 0 AND " condition                                                         \
         " RETURNING fence, user_id, priority, attempts, max_attempts, crashes, id, "              \
         "(SELECT data FROM job_data WHERE job_data.number = jobs.number), number")

static void read_lease(const struct db_rows *rows, struct arena *arena,
                       const struct operation *operation, struct job_lease *ret_lease)
{
    *ret_lease = (struct job_lease){
        .number = db_column_integer(rows, 8),
        .fence = db_column_integer(rows, 0),
        .user_id = db_column_is_null(rows, 1) ? FIELD_INTEGER_NULL : db_column_integer(rows, 1),
        .priority = db_column_integer(rows, 2),
        .attempts = db_column_integer(rows, 3),
        .max_attempts = db_column_integer(rows, 4),
        .crashes = db_column_integer(rows, 5),
        .id = arena_copy(arena, db_column_text(rows, 6)),
        .data = arena_copy(arena, db_column_text(rows, 7)),
        .operation = operation,
    };
}

int job_lease_take_number(struct db_connection *connection, struct arena *arena,
                          const struct job_claim *claim, int64_t number,
                          const struct operation *operation, struct job_lease *ret_lease)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query_one(connection, LEASE("number = $4"),
                             DB_VALUES(db_text(text_from(claim->worker)),
                                       db_integer(claim->now + claim->lease),
                                       db_integer(claim->now), db_integer(number)),
                             &rows);
    if (error >= 0)
        read_lease(&rows, arena, operation, ret_lease);
    return error;
}

/* One whose worker has died is only leased where that is permitted. */
static int lease_delivered(struct db_connection *connection, struct arena *arena,
                           const struct job_claim *claim, const struct job_delivery *delivery,
                           bool alone, struct job_lease *ret_lease)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query_one(
        connection, LEASE("id = $4 AND operation = $5 AND crashes <= $6"),
        DB_VALUES(db_text(text_from(claim->worker)), db_integer(claim->now + claim->lease),
                  db_integer(claim->now), db_text(text_from(delivery->id)),
                  db_text(text_from(delivery->operation->name)), db_integer(alone ? INT64_MAX : 0)),
        &rows);
    if (error < 0)
        return error;
    read_lease(&rows, arena, delivery->operation, ret_lease);
    ret_lease->ticket = delivery->ticket;
    return 0;
}

/* What becomes of one that is not leased. */
static int examine(struct db_connection *connection, struct job_delivery *delivery)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query_one(connection, TEXT("SELECT status, operation FROM jobs WHERE id = $1"),
                             DB_VALUES(db_text(text_from(delivery->id))), &rows);
    delivery->state = DELIVERY_VOID;
    if (error == ERROR_NOT_FOUND)
        delivery->state = DELIVERY_UNKNOWN;
    else if (error >= 0 && db_column_integer(&rows, 0) == JOB_QUEUED &&
             text_is(db_column_text(&rows, 1), delivery->operation->name))
        delivery->state = DELIVERY_KEPT;
    return error == ERROR_NOT_FOUND ? 0 : error;
}

/* A paused one goes back to where it is published from, when that is resumed. */
static int withdraw(struct db_connection *connection, struct job_delivery *delivery)
{
    delivery->state = DELIVERY_VOID;
    return db_execute(connection,
                      TEXT("UPDATE jobs SET " JOB_UNPUBLISHED " WHERE id = $1 AND status = 0"),
                      DB_VALUES(db_text(text_from(delivery->id))));
}

int job_lease_take(struct db_connection *connection, struct arena *arena,
                   const struct job_claim *claim, size_t limit, struct job_lease *leases)
{
    struct choice choice = {.candidates = arena_allocate(arena, limit * sizeof *choice.candidates),
                            .limit = limit};
    int error = choose(connection, arena, claim, &choice);
    size_t together = count_together(&choice);
    size_t count = 0;
    for (size_t i = 0; error >= 0 && i < together; i++) {
        const struct candidate *candidate = &choice.candidates[i];
        error = job_lease_take_number(connection, arena, claim, candidate->number,
                                      candidate->operation, &leases[count]);
        if (error == 0)
            count++;
        if (error == ERROR_NOT_FOUND)
            error = 0; /* another worker was faster */
    }
    return error < 0 ? error : (int)count;
}

int job_lease_take_delivered(struct db_connection *connection, struct arena *arena,
                             const struct job_claim *claim, struct job_delivery *deliveries,
                             size_t count, struct job_lease *leases)
{
    struct job_pauses pauses;
    int error = count == 0 ? 0 : job_operation_load_pauses(connection, arena, &pauses);
    size_t leased = 0;
    bool full = false; /* nothing else is to be leased with what is */
    for (size_t i = 0; error >= 0 && i < count; i++) {
        struct job_delivery *delivery = &deliveries[i];
        delivery->state = DELIVERY_KEPT;
        if (full)
            continue;
        if (job_operation_is_paused(&pauses, delivery->operation->name)) {
            error = withdraw(connection, delivery);
            continue;
        }
        error = lease_delivered(connection, arena, claim, delivery, leased == 0, &leases[leased]);
        if (error == 0) {
            delivery->state = DELIVERY_LEASED;
            full = leases[leased++].crashes > 0;
        } else if (error == ERROR_NOT_FOUND) {
            error = examine(connection, delivery);
            full = delivery->state == DELIVERY_KEPT;
        }
    }
    return error < 0 ? error : (int)leased;
}

int job_lease_take_one(struct db_connection *connection, struct arena *arena,
                       const struct job_claim *claim, struct text id, struct job_lease *ret_lease)
{
    struct job job;
    int error = job_load(connection, arena, id, &job);
    if (error < 0)
        return error;
    const struct operation *operation = operation_find(claim->operations, job.operation);
    return operation == NULL
               ? ERROR_NOT_FOUND
               : job_lease_take_number(connection, arena, claim, job.number, operation, ret_lease);
}

/* Ending. */

int64_t job_backoff(int64_t attempts)
{
    int64_t delay = JOB_BACKOFF_BASE;
    for (int64_t i = 1; i < attempts && delay < JOB_BACKOFF_LIMIT; i++)
        delay *= 2;
    if (delay > JOB_BACKOFF_LIMIT)
        delay = JOB_BACKOFF_LIMIT;
    return delay / 2 + (int64_t)(random_integer() % (uint64_t)(delay / 2 + 1));
}

/* What becomes of the row. Null values leave a column as it is. */
struct ending {
    struct job job;
    struct db_value run_at;
    struct db_value turn;
    struct db_value progress;
    struct db_value finished_at;
    int64_t unspent; /* attempts that do not count */
};

static bool is_cancelled(struct db_connection *connection, const struct job_lease *lease)
{
    int64_t requested = 0;
    int error = db_query_integer(
        connection,
        db_dialect(connection, TEXT("SELECT cancel_requested FROM jobs WHERE number = $1"),
                   TEXT("SELECT cancel_requested FROM jobs WHERE number = $1 "
                        "FOR NO KEY UPDATE")),
        DB_VALUES(db_integer(lease->number)), &requested);
    return error == 0 && requested != 0;
}

/* The state that follows from an outcome. */
static enum job_status next_status(struct db_connection *connection, const struct job_lease *lease,
                                   enum job_outcome_kind kind)
{
    bool goes_on = kind == OUTCOME_GIVEN_BACK || kind == OUTCOME_FAILED;
    if (goes_on && is_cancelled(connection, lease))
        return JOB_CANCELLED;
    switch (kind) {
    case OUTCOME_FINISHED:
        return JOB_FINISHED;
    case OUTCOME_CANCELLED:
        return JOB_CANCELLED;
    case OUTCOME_GIVEN_BACK:
        return JOB_QUEUED;
    case OUTCOME_FAILED:
        return lease->attempts < lease->max_attempts ? JOB_FAILED : JOB_DEAD;
    case OUTCOME_HOPELESS:
        break;
    }
    return JOB_DEAD;
}

static struct ending end_of(struct db_connection *connection, const struct job_lease *lease,
                            const struct job_outcome *outcome, int64_t now)
{
    struct ending ending = {
        .job = {.number = lease->number,
                .id = lease->id,
                .operation = text_from(lease->operation->name),
                .user_id = lease->user_id,
                .status = next_status(connection, lease, outcome->kind)},
    };
    if (ending.job.status == JOB_QUEUED)
        ending.unspent = 1;
    if (ending.job.status == JOB_FAILED) {
        int64_t run_at = now + job_backoff(lease->attempts);
        ending.run_at = db_integer(run_at);
        ending.turn = db_integer(job_turn(run_at, lease->priority));
    }
    if (ending.job.status == JOB_FINISHED)
        ending.progress = db_integer(100);
    if (job_is_over(&ending.job))
        ending.finished_at = db_integer(now);
    return ending;
}

int job_lease_end(struct db_connection *connection, struct arena *arena,
                  const struct job_lease *lease, const struct job_outcome *outcome, int64_t now)
{
    const struct ending ending = end_of(connection, lease, outcome, now);
    int changed = db_execute(
        connection,
        TEXT("UPDATE jobs SET status = $3, result = $4, error = $5, run_at = coalesce($6, run_at), "
             "turn = coalesce($7, turn), progress = coalesce($8, progress), finished_at = $9, "
             "attempts = attempts - $10, lease_until = NULL, " JOB_UNPUBLISHED " "
             "WHERE number = $1 AND fence = $2 AND status = 2"),
        DB_VALUES(db_integer(lease->number), db_integer(lease->fence),
                  db_integer(ending.job.status), db_text(outcome->result), db_text(outcome->error),
                  ending.run_at, ending.turn, ending.progress, ending.finished_at,
                  db_integer(ending.unspent)));
    if (changed <= 0 || !job_is_over(&ending.job))
        return changed < 0 ? changed : 0;
    int error = job_append_event(connection, arena, &ending.job);
    return error < 0 ? error : 1;
}

int job_lease_extend(struct db_connection *connection, int64_t number, int64_t fence, int64_t until,
                     int64_t progress)
{
    int64_t cancel_requested;
    int error = db_query_integer(
        connection,
        TEXT("UPDATE jobs SET lease_until = $3, progress = $4 "
             "WHERE number = $1 AND fence = $2 AND status = 2 "
             "RETURNING cancel_requested"),
        DB_VALUES(db_integer(number), db_integer(fence), db_integer(until), db_integer(progress)),
        &cancel_requested);
    if (error == ERROR_NOT_FOUND)
        return ERROR_STALE;
    return error < 0 ? error : cancel_requested != 0;
}

/* Keeping order. */

struct abandoned {
    struct job job;
    int64_t crashes;
    bool cancel_requested;
};

static int load_abandoned(struct db_connection *connection, struct arena *arena, int64_t now,
                          struct abandoned *abandoned, size_t *ret_count)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(connection,
                        DB_SKIP_LOCKED(connection,
                                       "SELECT number, id, operation, user_id, priority, crashes, "
                                       "cancel_requested FROM jobs WHERE status = 2 "
                                       "AND lease_until < $1 ORDER BY lease_until LIMIT $2"),
                        DB_VALUES(db_integer(now), db_integer(RECOVER_BATCH)), &rows);
    size_t count = 0;
    while (more >= 0 && (more = db_rows_next(&rows)) > 0) {
        bool owned = !db_column_is_null(&rows, 3);
        abandoned[count++] = (struct abandoned){
            .job = {.number = db_column_integer(&rows, 0),
                    .id = arena_copy(arena, db_column_text(&rows, 1)),
                    .operation = arena_copy(arena, db_column_text(&rows, 2)),
                    .user_id = owned ? db_column_integer(&rows, 3) : FIELD_INTEGER_NULL,
                    .priority = db_column_integer(&rows, 4)},
            .crashes = db_column_integer(&rows, 5) + 1,
            .cancel_requested = db_column_integer(&rows, 6) != 0,
        };
    }
    *ret_count = count;
    return more;
}

/* A first crash is taken for bad luck: the job is queued as it was. */
static int recover(struct db_connection *connection, struct arena *arena,
                   struct abandoned *abandoned, int64_t now)
{
    struct job *job = &abandoned->job;
    job->status = abandoned->crashes == 1 ? JOB_QUEUED : JOB_FAILED;
    if (abandoned->crashes >= JOB_CRASHES_LIMIT)
        job->status = JOB_DEAD;
    if (abandoned->cancel_requested)
        job->status = JOB_CANCELLED;
    struct db_value run_at = db_null();
    struct db_value turn = db_null();
    if (job->status == JOB_FAILED) {
        int64_t again = now + job_backoff(abandoned->crashes - 1);
        run_at = db_integer(again);
        turn = db_integer(job_turn(again, job->priority));
    }
    int error = db_execute(
        connection,
        TEXT("UPDATE jobs SET status = $2, crashes = $3, attempts = attempts - 1, error = $4, "
             "run_at = coalesce($5, run_at), turn = coalesce($6, turn), finished_at = $7, "
             "lease_until = NULL, " JOB_UNPUBLISHED " WHERE number = $1"),
        DB_VALUES(db_integer(job->number), db_integer(job->status), db_integer(abandoned->crashes),
                  db_text(died), run_at, turn, job_is_over(job) ? db_integer(now) : db_null()));
    if (error < 0 || !job_is_over(job))
        return error;
    return job_append_event(connection, arena, job);
}

int job_lease_recover(struct db_connection *connection, struct arena *arena, int64_t now)
{
    struct abandoned *abandoned = arena_allocate(arena, RECOVER_BATCH * sizeof *abandoned);
    size_t count = 0;
    int error = load_abandoned(connection, arena, now, abandoned, &count);
    for (size_t i = 0; error >= 0 && i < count; i++)
        error = recover(connection, arena, &abandoned[i], now);
    return error < 0 ? error : (int)count;
}

int job_lease_promote(struct db_connection *connection, int64_t now)
{
    return db_execute(connection,
                      TEXT("UPDATE jobs SET status = 0, " JOB_UNPUBLISHED
                           " WHERE number IN (SELECT number FROM jobs "
                           "WHERE status IN (1, 4) AND run_at <= $1 ORDER BY run_at LIMIT $2) "
                           "AND status IN (1, 4)"),
                      DB_VALUES(db_integer(now), db_integer(PROMOTE_BATCH)));
}
