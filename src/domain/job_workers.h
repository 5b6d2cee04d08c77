/*
 * job_workers.h: the threads that carry out jobs.
 *
 *               db_write: end the batch before, lease the next one
 *   worker 1..n ─────────────────────────────────────────────────> run each job of it, and again
 *
 * A worker leases more jobs at a time (job_batch.h) the faster they are done: many short
 * ones then share the price of a commit, and of long ones it holds one. Results are stored with the
 * exchange for the next batch; when a job takes longer than a moment, the keeper (job_keeper.h)
 * stores those before it, gives back the jobs behind it, and keeps its lease from then on.
 */
#ifndef ERRAND_DOMAIN_JOB_WORKERS_H
#define ERRAND_DOMAIN_JOB_WORKERS_H

#include <stdint.h>

#include "domain/services.h"

struct job_workers;

/* job_workers_start: starts `threads` workers; with none, this process runs no jobs.
 * ERROR_UNAVAILABLE when there are no threads to be had. */
int job_workers_start(struct job_workers **ret_workers, struct services *services,
                      unsigned threads);

/* job_workers_tend: looks after the jobs that run. For the keeper. */
int job_workers_tend(struct job_workers *workers);

/* job_workers_close: no job is begun from now on. Takes NULL, as do the next two. */
void job_workers_close(struct job_workers *workers);

/* job_workers_finish: closes, waits until what runs is done or `deadline` (clock_monotonic()) has
 * passed, then gives back the rest, which costs no attempt. All threads have ended afterwards. */
void job_workers_finish(struct job_workers *workers, int64_t deadline);

/* job_workers_free: after job_workers_finish. Takes NULL. */
void job_workers_free(struct job_workers *workers);

#endif
