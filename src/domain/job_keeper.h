/*
 * job_keeper.h: one thread a process that keeps the queue of jobs going.
 *
 * What it does, and how often, is the table in job_keeper.c: it queues jobs whose time has come,
 * takes over those of workers that died, counts the queue, looks after the workers of this process
 * (job_workers.h), and wakes them for what other processes have queued. Several processes may do so
 * over one database.
 */
#ifndef ERRAND_DOMAIN_JOB_KEEPER_H
#define ERRAND_DOMAIN_JOB_KEEPER_H

#include <stdint.h>

#include "domain/services.h"

struct job_keeper;

/* How long it takes at most until jobs are seen of other processes that could not tell us: by a
 * process that has work of its own to wake it, and by one that has not. Microseconds. Where there
 * is a carrier (runtime/carrier.h) both are told, and patient. */
#define JOB_KEEPER_PATIENT INT64_C(200000)
#define JOB_KEEPER_ALERT INT64_C(20000)

/* job_keeper_start: starts `workers` workers, perhaps none, and the thread that looks after them
 * and the queue every `interval` microseconds. ERROR_UNAVAILABLE when there are no threads. */
int job_keeper_start(struct job_keeper **ret_keeper, struct services *services, unsigned workers,
                     int64_t interval);

/* job_keeper_close: no job is begun from now on, and nobody waits for one any more. Takes NULL, as
 * does the next. */
void job_keeper_close(struct job_keeper *keeper);

/* job_keeper_stop: lets running jobs finish until `deadline` (clock_monotonic()), gives back the
 * rest, and ends the threads. */
void job_keeper_stop(struct job_keeper *keeper, int64_t deadline);

#endif
