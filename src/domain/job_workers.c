#include "domain/job_workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/container.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "domain/job_batch.h"
#include "domain/job_queue.h"
#include "runtime/wait.h"

enum { NAME_SIZE = 96 };

#define QUICK (10 * CLOCK_MILLISECOND)   /* a batch done within this is larger next time */
#define MOMENT (100 * CLOCK_MILLISECOND) /* a job that takes longer has the batch broken up */
#define BEAT CLOCK_SECOND                /* how often a long job's lease is extended */
#define GRACE (5 * CLOCK_SECOND)         /* from the time limit to giving a job up */
#define IDLE CLOCK_MINUTE                /* looked for work again at the latest */
#define RETRY_DELAY CLOCK_SECOND         /* after the database failed */

struct worker {
    struct job_workers *workers;
    pthread_t thread;
    /* Held while a batch is changed or exchanged, not while a job runs. */
    pthread_mutex_t mutex;
    struct job_source source;
    struct job_batch batches[2];
    struct job_batch *batch; /* the one at work */
    size_t limit;            /* of the next one */
    int64_t taken_at;
    int64_t begun_at; /* of the job that runs */
    int64_t beaten_at;
    atomic_bool cancelled; /* somebody wishes the job that runs to stop */
    atomic_bool lost;      /* it is not ours any more */
    atomic_int_fast64_t progress;
};

struct job_workers {
    struct services *services;
    char name[NAME_SIZE];
    atomic_bool closed;
    atomic_bool hurry; /* what runs is to stop and be given back */
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    unsigned running; /* threads */
    unsigned count;
    struct worker items[];
};

/* A job on its way through an operation. */
struct job_run {
    struct operation_run run;
    struct worker *worker;
};

/* Ends the batch that is done and leases at most `limit` jobs; how many those are, or an error,
 * after which the old batch is still to be ended. */
static int exchange_batch(struct worker *worker, size_t limit)
{
    struct job_batch *old = worker->batch;
    struct job_batch *fresh = &worker->batches[old == &worker->batches[0]];
    pthread_mutex_lock(&worker->mutex);
    int count = job_batch_exchange(&worker->source, old, fresh, limit);
    if (count >= 0) {
        worker->batch = fresh;
        worker->taken_at = clock_monotonic();
    }
    pthread_mutex_unlock(&worker->mutex);
    return count;
}

/* Running. */

static bool is_over_limit(const struct operation_run *run)
{
    return clock_monotonic() > run->deadline;
}

static bool is_to_stop(struct operation_run *run)
{
    struct worker *worker = CONTAINER_OF(run, struct job_run, run)->worker;
    return atomic_load(&worker->cancelled) || atomic_load(&worker->lost) ||
           atomic_load(&worker->workers->hurry) || is_over_limit(run);
}

static void set_progress(struct operation_run *run, int percent)
{
    struct worker *worker = CONTAINER_OF(run, struct job_run, run)->worker;
    atomic_store(&worker->progress, percent);
}

static struct job_outcome outcome_of(const struct worker *worker, const struct operation_run *run,
                                     int error)
{
    if (error >= 0)
        return (struct job_outcome){.kind = OUTCOME_FINISHED, .result = run->result};
    if (error == ERROR_CANCELLED && atomic_load(&worker->cancelled))
        return (struct job_outcome){.kind = OUTCOME_CANCELLED};
    if (error == ERROR_CANCELLED && !is_over_limit(run))
        return (struct job_outcome){.kind = OUTCOME_GIVEN_BACK};
    struct text words = run->error;
    if (error == ERROR_CANCELLED || error == ERROR_TIMEOUT)
        words = TEXT("It took longer than it may");
    else if (words.data == NULL)
        words = text_from(error_text(error));
    return (struct job_outcome){.kind = run->permanent ? OUTCOME_HOPELESS : OUTCOME_FAILED,
                                .error = words};
}

static struct job_outcome run_job(struct worker *worker, const struct job_lease *lease)
{
    const struct operation *operation = lease->operation;
    int64_t limit = worker->workers->services->config->job_time_limit * CLOCK_SECOND;
    struct job_run job = {
        .run = {.arena = &worker->batch->arena,
                .job_id = lease->id,
                .data = lease->data,
                .deadline = clock_monotonic() + limit,
                .is_cancelled = is_to_stop,
                .progress = set_progress},
        .worker = worker,
    };
    int error = operation->run(operation, &job.run);
    struct job_outcome outcome = outcome_of(worker, &job.run, error);
    if (outcome.kind == OUTCOME_FAILED || outcome.kind == OUTCOME_HOPELESS)
        log_warning("job %.*s (%s) failed: %.*s", TEXT_ARGUMENTS(lease->id), operation->name,
                    TEXT_ARGUMENTS(outcome.error));
    return outcome;
}

/* The next job of the batch, or NULL when there is none, or none is to be begun any more. */
static const struct job_lease *begin_next(struct worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    struct job_batch *batch = worker->batch;
    const struct job_lease *lease = NULL;
    if (batch->begun < batch->count && !atomic_load(&worker->workers->closed)) {
        lease = &batch->leases[batch->begun++];
        worker->begun_at = worker->beaten_at = clock_monotonic();
        atomic_store(&worker->cancelled, false);
        atomic_store(&worker->lost, false);
        atomic_store(&worker->progress, 0);
    }
    pthread_mutex_unlock(&worker->mutex);
    return lease;
}

static void note_outcome(struct worker *worker, struct job_outcome outcome)
{
    pthread_mutex_lock(&worker->mutex);
    worker->batch->outcomes[worker->batch->done++] = outcome;
    pthread_mutex_unlock(&worker->mutex);
}

/* Notes that the jobs that were not begun are for others; the mutex is held. */
static void give_back_rest(struct job_batch *batch)
{
    while (batch->done < batch->count)
        batch->outcomes[batch->done++] = (struct job_outcome){.kind = OUTCOME_GIVEN_BACK};
}

static void run_batch(struct worker *worker)
{
    size_t count = worker->batch->count;
    const struct job_lease *lease;
    while ((lease = begin_next(worker)) != NULL)
        note_outcome(worker, run_job(worker, lease));
    pthread_mutex_lock(&worker->mutex);
    give_back_rest(worker->batch);
    int64_t took = clock_monotonic() - worker->taken_at;
    if (took > MOMENT)
        worker->limit = 1;
    else if (took < QUICK && count == worker->limit && worker->limit < JOB_BATCH_LIMIT)
        worker->limit *= 2;
    pthread_mutex_unlock(&worker->mutex);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct job_workers *workers = worker->workers;
    uint64_t generation = 0;
    bool ended = false;
    while (!ended) {
        bool closed = atomic_load(&workers->closed);
        int count = exchange_batch(worker, closed ? 0 : worker->limit);
        if (count > 0)
            run_batch(worker);
        else if (count < 0)
            wait_timer(clock_monotonic() + RETRY_DELAY);
        else if (!closed && !job_source_has_more(&worker->source))
            job_queue_sleep(workers->services->jobs, &generation, clock_monotonic() + IDLE);
        /* What could not be stored by now is left to its lease. */
        ended = closed && (count == 0 || atomic_load(&workers->hurry));
    }
    pthread_mutex_lock(&workers->mutex);
    workers->running--;
    pthread_cond_signal(&workers->ended);
    pthread_mutex_unlock(&workers->mutex);
    return NULL;
}

/* Tending. */

struct beat {
    struct worker *worker;
    const struct job_lease *lease;
    bool too_long;
};

static int run_beat(struct db_connection *connection, void *argument)
{
    const struct beat *beat = argument;
    struct worker *worker = beat->worker;
    static const struct job_outcome too_long = {.kind = OUTCOME_FAILED,
                                                .error = {"It did not stop at its time limit", 33}};
    if (beat->too_long) {
        struct arena arena; /* the batch's is in use by the job that runs */
        arena_init(&arena);
        int over = job_lease_end(connection, &arena, beat->lease, &too_long, clock_now());
        arena_release(&arena);
        return over;
    }
    const struct job_claim claim = job_source_claim(&worker->source);
    return job_lease_extend(connection, beat->lease->number, beat->lease->fence,
                            claim.now + claim.lease, atomic_load(&worker->progress));
}

/* Keeps the lease of the job that runs, and hears whether it is to stop. */
static int extend(struct worker *worker, int64_t now)
{
    const struct config *config = worker->workers->services->config;
    struct beat beat = {
        .worker = worker,
        .lease = &worker->batch->leases[worker->batch->done],
        .too_long = now > worker->begun_at + config->job_time_limit * CLOCK_SECOND + GRACE,
    };
    if (atomic_load(&worker->lost) || now - worker->beaten_at < BEAT)
        return 0;
    int result = db_write(worker->workers->services->db, run_beat, &beat);
    if (result == ERROR_STALE || (beat.too_long && result >= 0))
        atomic_store(&worker->lost, true);
    else if (result < 0)
        return result;
    else if (result > 0)
        atomic_store(&worker->cancelled, true);
    worker->beaten_at = now;
    return 0;
}

/* A worker that holds its mutex is at an exchange, and needs no looking after. */
static int tend(struct worker *worker)
{
    if (pthread_mutex_trylock(&worker->mutex) != 0)
        return 0;
    int64_t now = clock_monotonic();
    const struct job_batch *batch = worker->batch;
    int error = 0;
    if (batch->begun > batch->done && now - worker->begun_at > MOMENT) {
        error = job_batch_break_up(worker->workers->services, worker->batch);
        if (error >= 0)
            error = extend(worker, now);
    }
    pthread_mutex_unlock(&worker->mutex);
    return error;
}

int job_workers_tend(struct job_workers *workers)
{
    int first = 0;
    for (unsigned i = 0; i < workers->count; i++) {
        int error = tend(&workers->items[i]);
        if (error < 0 && first == 0)
            first = error;
    }
    return first;
}

/* Starting and stopping. */

/* "host:1234:5f3a": who holds a lease, for people who look at the rows. */
static void set_name(struct job_workers *workers)
{
    char host[64] = "";
    gethostname(host, sizeof host - 1);
    snprintf(workers->name, sizeof workers->name, "%s:%d:%04x", host, (int)getpid(),
             (unsigned)(random_integer() & 0xffff));
}

int job_workers_start(struct job_workers **ret_workers, struct services *services, unsigned threads)
{
    struct job_workers *workers =
        memory_allocate(sizeof *workers + threads * sizeof workers->items[0]);
    workers->services = services;
    set_name(workers);
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&workers->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    for (; workers->count < threads; workers->count++) {
        struct worker *worker = &workers->items[workers->count];
        worker->workers = workers;
        worker->source = (struct job_source){.services = services, .worker = workers->name};
        worker->batch = &worker->batches[0];
        worker->limit = 1;
        pthread_mutex_init(&worker->mutex, NULL);
        pthread_mutex_lock(&workers->mutex);
        bool started = pthread_create(&worker->thread, NULL, worker_main, worker) == 0;
        workers->running += started;
        pthread_mutex_unlock(&workers->mutex);
        if (!started) {
            job_workers_finish(workers, 0);
            job_workers_free(workers);
            return ERROR_UNAVAILABLE;
        }
        pthread_setname_np(worker->thread, "errand-job");
    }
    *ret_workers = workers;
    return 0;
}

void job_workers_close(struct job_workers *workers)
{
    if (workers == NULL)
        return;
    atomic_store(&workers->closed, true);
    job_queue_close(workers->services->jobs);
}

static void wait_until_ended(struct job_workers *workers, int64_t deadline)
{
    struct timespec until = {.tv_sec = (time_t)(deadline / CLOCK_SECOND),
                             .tv_nsec = (long)(deadline % CLOCK_SECOND) * 1000};
    int waited = 0;
    pthread_mutex_lock(&workers->mutex);
    while (workers->running > 0 && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&workers->ended, &workers->mutex, &until);
    if (workers->running > 0)
        log_warning("jobs still run at the end of DRAIN_SECONDS: they are given back");
    pthread_mutex_unlock(&workers->mutex);
}

void job_workers_finish(struct job_workers *workers, int64_t deadline)
{
    if (workers == NULL)
        return;
    job_workers_close(workers);
    wait_until_ended(workers, deadline);
    atomic_store(&workers->hurry, true);
    for (unsigned i = 0; i < workers->count; i++)
        pthread_join(workers->items[i].thread, NULL);
}

void job_workers_free(struct job_workers *workers)
{
    if (workers == NULL)
        return;
    for (unsigned i = 0; i < workers->count; i++) {
        arena_release(&workers->items[i].batch->arena);
        pthread_mutex_destroy(&workers->items[i].mutex);
    }
    pthread_cond_destroy(&workers->ended);
    pthread_mutex_destroy(&workers->mutex);
    free(workers);
}
