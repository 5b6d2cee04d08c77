/*
 * job_inbox.h: jobs that the broker has brought, on their way to the workers, and the word that it
 * may forget them, on its way back.
 *
 *   consumer's thread ── job_inbox_add ──> deliveries ── job_inbox_take ──> worker 1..n
 *                     <── job_inbox_settled ── settlements <── job_inbox_settle ──
 *
 * How many there are is bounded by how many messages the consumer asks for at a time. What belongs
 * to a connection that is gone means nothing to the broker, which brings the message again.
 *
 * Every function may be called from any thread.
 */
#ifndef ERRAND_DOMAIN_JOB_INBOX_H
#define ERRAND_DOMAIN_JOB_INBOX_H

#include <stdbool.h>

#include "domain/job_lease.h"

struct job_inbox;

/* job_inbox_create: wake(argument) is called when there is something to settle. */
struct job_inbox *job_inbox_create(void (*wake)(void *argument), void *argument);
void job_inbox_free(struct job_inbox *inbox);

/* job_inbox_open: everything of earlier connections is gone; the number of the next one. */
uint64_t job_inbox_open(struct job_inbox *inbox);

void job_inbox_add(struct job_inbox *inbox, const struct job_delivery *delivery);
bool job_inbox_is_empty(struct job_inbox *inbox);

/* job_inbox_take: at most `limit`, as they came; how many. */
size_t job_inbox_take(struct job_inbox *inbox, struct job_delivery *deliveries, size_t limit);

/* job_inbox_put_back: the last ones that were taken, in front. */
void job_inbox_put_back(struct job_inbox *inbox, const struct job_delivery *deliveries,
                        size_t count);

struct job_settlement {
    struct job_ticket ticket;
    bool rejected; /* it is to go to the dead letters */
};

/* job_inbox_settle: nothing for a ticket that is none. */
void job_inbox_settle(struct job_inbox *inbox, struct job_ticket ticket, bool rejected);

/* job_inbox_settled: takes at most `limit` settlements of this connection; how many. */
size_t job_inbox_settled(struct job_inbox *inbox, struct job_settlement *settlements, size_t limit);

#endif
