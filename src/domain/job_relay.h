/*
 * job_relay.h: hands jobs to the broker.
 *
 *   submit ── job_queue_wake ──> take a batch from the outbox ─> publish it ─> wait for the
 *                                  (job_outbox.h)                              broker's word
 *
 * One thread a process. Between wake-ups it looks once a second for what other processes have
 * queued. Messages are persistent and confirmed, so a job that the broker has taken survives its
 * restart; one that it might not have taken is published again.
 */
#ifndef ERRAND_DOMAIN_JOB_RELAY_H
#define ERRAND_DOMAIN_JOB_RELAY_H

#include "domain/services.h"
#include "queue/address.h"

struct job_relay;

/* job_relay_start: ERROR_UNAVAILABLE when there is no thread. */
int job_relay_start(struct job_relay **ret_relay, struct services *services,
                    const struct queue_address *address);

/* job_relay_stop: ends the thread. Takes NULL, as does the next. */
void job_relay_stop(struct job_relay *relay);

/* job_relay_wake: there may be something to publish. Any thread. */
void job_relay_wake(struct job_relay *relay);

#endif
