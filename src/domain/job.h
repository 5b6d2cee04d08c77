/*
 * job.h: work that is done in the background.
 *
 * A job is a row. It is there as soon as the transaction that asked for it is committed, and from
 * then on it is carried out at least once and ends exactly once:
 *
 *                   run_at comes            leased               result
 *     scheduled ──────────────> queued ──────────────> processing ──────> finished
 *         │                      ^  │                   │   │  │
 *         │       time to try    │  │    given back     │   │  └─ no hope, or no attempt left ──>
 * dead │       again          │  │  <────────────────┘   └─ to be tried again ──> failed │
 * └──┼───────────────────────────────────────────────────┘ └──────────────────────── ┴────
 * cancelled
 *
 * This file is what those see who submit jobs and ask for them; job_lease.h is what workers do with
 * the rows, job_runner.h has the workers, job_queue.h what the threads of one process share.
 * Operations, what a job can do, are a table of their own (operation.h).
 *
 * A user sees their own jobs, an administrator all of them.
 */
#ifndef ERRAND_DOMAIN_JOB_H
#define ERRAND_DOMAIN_JOB_H

#include "base/random.h"
#include "db/db.h"
#include "domain/services.h"
#include "domain/sql.h"
#include "schema/decode.h"
#include "schema/field.h"

/* Migrations and partial indexes know these by their ranks. */
enum job_status {
    JOB_QUEUED,
    JOB_SCHEDULED,
    JOB_PROCESSING,
    JOB_FINISHED,
    JOB_FAILED,
    JOB_DEAD,
    JOB_CANCELLED,
};

enum { JOB_DATA_LIMIT = 1 << 20, JOB_ATTEMPTS_LIMIT = 25, JOB_WAIT_LIMIT = 60 };

enum job_field {
    JOB_ID,
    JOB_OPERATION,
    JOB_DATA,
    JOB_STATUS,
    JOB_RESULT,
    JOB_ERROR,
    JOB_PRIORITY,
    JOB_RUN_AT,
    JOB_UNIQUE_KEY,
    JOB_ATTEMPTS,
    JOB_MAX_ATTEMPTS,
    JOB_PROGRESS,
    JOB_USER_ID,
    JOB_CREATED_AT,
    JOB_STARTED_AT,
    JOB_FINISHED_AT,
    JOB_FIELDS,
};

struct job {
    int64_t number;
    struct text id;
    struct text operation;
    struct text data; /* only on the way in */
    int64_t status;   /* enum job_status */
    struct text result;
    struct text error;
    int64_t priority; /* enum task_priority */
    int64_t run_at;
    struct text unique_key;
    int64_t attempts;
    int64_t max_attempts;
    int64_t progress; /* per cent */
    int64_t user_id;  /* FIELD_INTEGER_NULL: the server itself */
    int64_t created_at;
    int64_t started_at;
    int64_t finished_at;
    bool existed; /* it was there already under its unique_key */
};

extern const struct schema job_schema;
extern const struct enumeration job_statuses;

/* The bodies of a submission: all that can be said, and what the portfolio surface says. */
extern const struct body job_create_body;
extern const struct body job_short_body;

/* job_is_id: whether it may be the id of a job, and can be asked for. */
bool job_is_id(struct text id);

/* job_is_over: whether nothing more will happen to it by itself. */
bool job_is_over(const struct job *job);

/* job_submit: makes a job of `job`, which has operation and data and of the rest what the client
 * gave, and reads it back into it. A waiting or running job of the user with the same unique_key is
 * taken in its place (`existed`). ERROR_INVALID with problems for an operation that nobody knows;
 * ERROR_BUSY when too many wait. */
int job_submit(struct services *services, const struct actor *actor, struct problems *problems,
               struct job *job);

/* A job of the server's own, as a part of somebody's transaction. */
struct job_order {
    const char *operation;
    struct text data;
    const char *unique_key; /* NULL for none; else nothing happens while such a job waits */
    int64_t run_at;         /* 0: now */
};

/* job_order: adds it. Workers see it a moment after the commit. */
int job_order(struct db_connection *connection, struct arena *arena, const struct job_order *order);

/* job_place: the same in a transaction of its own, for the actor's request; also ERROR_BUSY. */
int job_place(struct services *services, struct arena *arena, const struct actor *actor,
              const struct job_order *order, struct job *ret_job);

/* job_find: ERROR_NOT_FOUND also for the job of another user. `actor` is NULL for whoever knows the
 * id. */
int job_find(struct services *services, struct arena *arena, const struct actor *actor,
             struct text id, struct job *ret_job);

/* job_await: the same as JSON, but a job that is not over is waited for until `deadline`
 * (clock_monotonic()); then as it is. In a fiber. */
int job_await(struct services *services, struct arena *arena, const struct actor *actor,
              struct text id, int64_t deadline, struct text *ret_json);

/* job_cancel: ends one that waits, and asks one that runs to stop. ERROR_NOT_FOUND;
 * ERROR_CONFLICT with a problem when it is over. */
int job_cancel(struct services *services, struct problems *problems, const struct actor *actor,
               struct text id, struct job *ret_job);

/* job_load: the row with that id, whoever's it is. ERROR_NOT_FOUND. */
int job_load(struct db_connection *connection, struct arena *arena, struct text id,
             struct job *ret_job);

/* job_add_columns, job_decode: what a query for jobs selects, and its current row. */
void job_add_columns(struct sql *sql);
void job_decode(const struct db_rows *rows, struct arena *arena, struct job *job);

/* job_is_visible: whether the actor may see it. */
bool job_is_visible(const struct actor *actor, const struct job *job);

/* job_append_event: notes in the log of changes that a job is over. */
int job_append_event(struct db_connection *connection, struct arena *arena, const struct job *job);

/* What a statement that may queue a job again sets: a broker that carries it is to get it anew. */
#define JOB_UNPUBLISHED "published_at = published_at * 0"

/* job_turn: when it would be the turn of a job that may start at `run_at`. A higher priority goes
 * ahead of those that came JOB_HEAD_START earlier for each step, so that nobody waits for ever. */
#define JOB_HEAD_START (60 * INT64_C(1000000))
int64_t job_turn(int64_t run_at, int64_t priority);

#endif
