/*
 * job_consumer.h: takes from the broker what is for this process.
 *
 *     errand.jobs.NAME     jobs of the operations that its workers carry out: to the inbox, and
 *                          settled once the outcome is in the database
 *     errand.results       what others have done, where operations are external: into the database
 *     errand.rejected      messages that were put aside
 *
 * A message that is no job goes to the dead letters.
 */
#ifndef ERRAND_DOMAIN_JOB_CONSUMER_H
#define ERRAND_DOMAIN_JOB_CONSUMER_H

#include "domain/job_inbox.h"
#include "domain/services.h"
#include "queue/address.h"

struct job_consumer;

/* job_consumer_start: for so many workers, perhaps none. ERROR_UNAVAILABLE without a thread. */
int job_consumer_start(struct job_consumer **ret_consumer, struct services *services,
                       const struct queue_address *address, struct job_inbox *inbox,
                       unsigned workers);

/* job_consumer_stop: tells the broker what is settled, and ends the thread. Takes NULL, as does the
 * next. */
void job_consumer_stop(struct job_consumer *consumer);

/* job_consumer_wake: there is something to settle. Any thread. */
void job_consumer_wake(struct job_consumer *consumer);

#endif
