#include "domain/job_queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/error.h"
#include "base/memory.h"

enum { BUCKETS = 256 };

struct job_queue {
    const struct operations *operations;
    int64_t limit;
    bool (*broker_carries)(void *argument); /* NULL for none */
    void *broker;
    struct wake *wake; /* NULL: nobody else is told */
    struct wake_listener on_jobs;
    struct wake_listener on_ended;
    atomic_int_fast64_t depth;
    atomic_uint_fast64_t counts[JOB_COUNT_KINDS];
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t generation; /* raised by every wake */
    size_t sleeping;
    bool closed;
    pthread_mutex_t waiters_mutex;
    struct job_waiter *waiters[BUCKETS];
    bool waiters_closed;
};

struct job_queue *job_queue_create(const struct operations *operations, int64_t limit)
{
    struct job_queue *queue = memory_allocate(sizeof *queue);
    queue->operations = operations;
    queue->limit = limit;
    queue->generation = 1;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_mutex_init(&queue->waiters_mutex, NULL);
    return queue;
}

void job_queue_free(struct job_queue *queue)
{
    if (queue == NULL)
        return;
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->mutex);
    pthread_mutex_destroy(&queue->waiters_mutex);
    free(queue);
}

const struct operations *job_queue_operations(const struct job_queue *queue)
{
    return queue->operations;
}

/* Work. */

void job_queue_set_broker(struct job_queue *queue, bool (*carries)(void *argument), void *argument)
{
    queue->broker_carries = carries;
    queue->broker = argument;
}

void job_queue_wake(struct job_queue *queue, int64_t queued)
{
    if (queue->broker_carries != NULL && queue->broker_carries(queue->broker))
        atomic_fetch_add(&queue->depth, queued);
    else
        job_queue_call(queue, queued);
}

static void call(struct job_queue *queue, bool one)
{
    pthread_mutex_lock(&queue->mutex);
    queue->generation++;
    bool anybody = queue->sleeping > 0;
    pthread_mutex_unlock(&queue->mutex);
    if (anybody && one)
        pthread_cond_signal(&queue->changed);
    else if (anybody)
        pthread_cond_broadcast(&queue->changed);
}

void job_queue_call(struct job_queue *queue, int64_t queued)
{
    if (queue->wake != NULL && queued > 0)
        wake_tell(queue->wake, WAKE_JOBS, TEXT_NULL);
    atomic_fetch_add(&queue->depth, queued);
    call(queue, queued == 1);
}

void job_queue_call_one(struct job_queue *queue)
{
    call(queue, true);
}

void job_queue_sleep(struct job_queue *queue, uint64_t *generation, int64_t deadline)
{
    struct timespec until = {.tv_sec = (time_t)(deadline / CLOCK_SECOND),
                             .tv_nsec = (long)(deadline % CLOCK_SECOND) * 1000};
    int waited = 0;
    pthread_mutex_lock(&queue->mutex);
    queue->sleeping++;
    while (*generation == queue->generation && !queue->closed && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&queue->changed, &queue->mutex, &until);
    queue->sleeping--;
    *generation = queue->generation;
    pthread_mutex_unlock(&queue->mutex);
}

/* The depth. */

void job_queue_take(struct job_queue *queue, int64_t taken)
{
    atomic_fetch_sub(&queue->depth, taken);
}

void job_queue_set_depth(struct job_queue *queue, int64_t depth)
{
    atomic_store(&queue->depth, depth);
}

int64_t job_queue_depth(const struct job_queue *queue)
{
    return atomic_load(&queue->depth);
}

bool job_queue_is_full(const struct job_queue *queue)
{
    return atomic_load(&queue->depth) >= queue->limit;
}

void job_queue_note(struct job_queue *queue, enum job_count_kind kind)
{
    atomic_fetch_add(&queue->counts[kind], 1);
}

void job_queue_write_metrics(const struct job_queue *queue, struct buffer *out)
{
    static const char *const outcomes[JOB_COUNT_KINDS] = {"finished", "failed", "given_back"};
    buffer_add_string(out, "# HELP jobs_total Attempts that workers of this process have ended.\n"
                           "# TYPE jobs_total counter\n");
    for (size_t i = 0; i < JOB_COUNT_KINDS; i++)
        buffer_format(out, "jobs_total{outcome=\"%s\"} %ju\n", outcomes[i],
                      (uintmax_t)atomic_load(&queue->counts[i]));
}

/* Those who wait for a job. */

static struct job_waiter **bucket_of(struct job_queue *queue, struct text id)
{
    return &queue->waiters[text_hash(id, 0) % BUCKETS];
}

/* The waiter is gone once its completion is signalled. */
static void announce(struct job_waiter *waiter, bool closed)
{
    waiter->announced = true;
    waiter->closed = closed;
    if (waiter->waiting)
        completion_signal(&waiter->completion, 0);
}

void job_queue_expect(struct job_queue *queue, struct job_waiter *waiter, struct text id)
{
    *waiter = (struct job_waiter){.id = id};
    pthread_mutex_lock(&queue->waiters_mutex);
    if (queue->waiters_closed) {
        announce(waiter, true);
    } else {
        struct job_waiter **bucket = bucket_of(queue, id);
        waiter->next = *bucket;
        *bucket = waiter;
    }
    pthread_mutex_unlock(&queue->waiters_mutex);
}

/* Takes a waiter that was not announced out of its bucket. The mutex is held. */
static void withdraw(struct job_queue *queue, struct job_waiter *waiter)
{
    struct job_waiter **place = bucket_of(queue, waiter->id);
    while (*place != waiter)
        place = &(*place)->next;
    *place = waiter->next;
}

int job_queue_await(struct job_queue *queue, struct job_waiter *waiter, int64_t deadline)
{
    bool in_time = clock_monotonic() < deadline;
    pthread_mutex_lock(&queue->waiters_mutex);
    bool announced = waiter->announced;
    waiter->waiting = !announced && in_time;
    if (waiter->waiting)
        completion_init(&waiter->completion);
    else if (!announced)
        withdraw(queue, waiter);
    pthread_mutex_unlock(&queue->waiters_mutex);
    if (announced || !in_time)
        return announced ? 0 : ERROR_TIMEOUT;
    int result = wait_done_until(&waiter->completion, deadline);
    if (result >= 0)
        return result;
    pthread_mutex_lock(&queue->waiters_mutex);
    announced = waiter->announced;
    if (!announced)
        withdraw(queue, waiter);
    pthread_mutex_unlock(&queue->waiters_mutex);
    return announced ? wait_done(&waiter->completion) : result;
}

/* To those of this process. */
static void announce_here(struct job_queue *queue, struct text id)
{
    pthread_mutex_lock(&queue->waiters_mutex);
    struct job_waiter **place = bucket_of(queue, id);
    while (*place != NULL) {
        struct job_waiter *waiter = *place;
        if (!text_equal(waiter->id, id)) {
            place = &waiter->next;
            continue;
        }
        *place = waiter->next;
        announce(waiter, false);
    }
    pthread_mutex_unlock(&queue->waiters_mutex);
}

static void announce_all_here(struct job_queue *queue, bool closed)
{
    pthread_mutex_lock(&queue->waiters_mutex);
    queue->waiters_closed = queue->waiters_closed || closed;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (queue->waiters[i] != NULL) {
            struct job_waiter *waiter = queue->waiters[i];
            queue->waiters[i] = waiter->next;
            announce(waiter, closed);
        }
    }
    pthread_mutex_unlock(&queue->waiters_mutex);
}

void job_queue_announce(struct job_queue *queue, struct text id)
{
    announce_here(queue, id);
    if (queue->wake == NULL)
        return;
    wake_tell(queue->wake, WAKE_ENDED, id);
    wake_publish(queue->wake, WAKE_EVENTS, TEXT_NULL);
}

/* Other processes. */

static void hear_jobs(struct wake_listener *listener, struct text detail)
{
    (void)detail;
    call(CONTAINER_OF(listener, struct job_queue, on_jobs), false);
}

static void hear_ended(struct wake_listener *listener, struct text detail)
{
    struct job_queue *queue = CONTAINER_OF(listener, struct job_queue, on_ended);
    if (detail.data == NULL)
        announce_all_here(queue, false);
    else
        announce_here(queue, detail);
}

void job_queue_share(struct job_queue *queue, struct wake *wake)
{
    queue->wake = wake;
    queue->on_jobs.hear = hear_jobs;
    queue->on_ended.hear = hear_ended;
    wake_subscribe(wake, WAKE_JOBS, &queue->on_jobs);
    wake_subscribe(wake, WAKE_ENDED, &queue->on_ended);
}

void job_queue_close(struct job_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_mutex_unlock(&queue->mutex);
    pthread_cond_broadcast(&queue->changed);
    announce_all_here(queue, true);
}
