/*
 * job_queue.h: what the threads of one process share about jobs.
 *
 * The rows are the queue (job.h); this only saves looking at them for nothing. Whoever has
 * committed something that a worker could do calls job_queue_wake; whoever has ended a job calls
 * job_queue_announce, and the requests that wait for it go on. Other processes are told and heard
 * by way of runtime/wake.h where that carries, so everybody who waits looks at the rows now and
 * then all the same.
 *
 * The depth is the number of queued jobs, counted along by those who change it and put right by the
 * keeper (job_keeper.c) once a second.
 *
 * Every function may be called from any thread.
 */
#ifndef ERRAND_DOMAIN_JOB_QUEUE_H
#define ERRAND_DOMAIN_JOB_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "runtime/wait.h"
#include "runtime/wake.h"

struct job_queue;
struct operations;

/* job_queue_create: for these operations; at most `limit` jobs are to wait. */
struct job_queue *job_queue_create(const struct operations *operations, int64_t limit);
void job_queue_free(struct job_queue *queue);

/* job_queue_share: other processes are told and heard by way of `wake`, which is borrowed. Before
 * there are other threads. */
void job_queue_share(struct job_queue *queue, struct wake *wake);

const struct operations *job_queue_operations(const struct job_queue *queue);

/* job_queue_wake: there is work. `queued` jobs were added to the queue. Wakes workers, or whoever
 * carries jobs to them. */
void job_queue_wake(struct job_queue *queue, int64_t queued);

/* job_queue_call: the same for what workers find by themselves: always wakes workers. */
void job_queue_call(struct job_queue *queue, int64_t queued);

/* job_queue_call_one: there is one more job for a worker that has none. */
void job_queue_call_one(struct job_queue *queue);

/* job_queue_set_broker: from now on carries(argument) is asked at each wake, from any thread; true
 * when workers need not be woken. Before there are other threads. */
void job_queue_set_broker(struct job_queue *queue, bool (*carries)(void *argument), void *argument);

/* job_queue_sleep: until workers were woken since `*generation` was read, or `deadline`
 * (clock_monotonic()). Updates `*generation`, which starts at 0. */
void job_queue_sleep(struct job_queue *queue, uint64_t *generation, int64_t deadline);

/* job_queue_close: wakes everybody, who will not sleep any more, and lets nobody wait for a job. */
void job_queue_close(struct job_queue *queue);

/* The depth. */
void job_queue_take(struct job_queue *queue, int64_t taken);
void job_queue_set_depth(struct job_queue *queue, int64_t depth);
int64_t job_queue_depth(const struct job_queue *queue);
bool job_queue_is_full(const struct job_queue *queue);

/* What became of the jobs that this process carried out. */
enum job_count_kind { JOB_COUNT_FINISHED, JOB_COUNT_FAILED, JOB_COUNT_GIVEN_BACK, JOB_COUNT_KINDS };
void job_queue_note(struct job_queue *queue, enum job_count_kind kind);

/* job_queue_write_metrics: those, in the Prometheus text format. */
void job_queue_write_metrics(const struct job_queue *queue, struct buffer *out);

/* Somebody who waits for a job to end; on the stack of its fiber. */
struct job_waiter {
    struct job_waiter *next;
    struct text id;
    struct completion completion;
    bool waiting; /* the completion is to be signalled */
    bool announced;
    bool closed; /* announced because nobody is to wait any more */
};

/* job_queue_expect: `waiter` will be told about the job `id` (which is borrowed) from now on. */
void job_queue_expect(struct job_queue *queue, struct job_waiter *waiter, struct text id);

/* job_queue_await: until the job has been announced since job_queue_expect, or `deadline`; to be
 * called once for each of these. 0, ERROR_TIMEOUT, or ERROR_CANCELLED. */
int job_queue_await(struct job_queue *queue, struct job_waiter *waiter, int64_t deadline);

/* job_queue_announce: the job with that id is over, and the log of changes has it. */
void job_queue_announce(struct job_queue *queue, struct text id);

#endif
