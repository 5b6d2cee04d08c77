/*
 * job_broker.h: jobs by way of a message broker (RABBITMQ_URL).
 *
 * The row of a job stays the truth; the broker spares workers the search for rows, spreads jobs
 * over machines, and lets programs in other languages take part.
 *
 *     submit ─> row ─> relay ─> broker ─> consumer ─> inbox ─> worker: lease the row, run, end it
 *                │                                              │
 *                └── the broker is away, or has lost it ────────┘
 *
 * Whatever the broker does, a message is only a hint: a worker leases the row that it names, and
 * where that is not queued any more there is nothing to do. So messages may come twice, late, or
 * not at all: while the broker is away workers look at the rows themselves, and else they do so for
 * those that it should have brought by now (`stray` in job_lease.h).
 *
 * The server's own jobs are never published.
 */
#ifndef ERRAND_DOMAIN_JOB_BROKER_H
#define ERRAND_DOMAIN_JOB_BROKER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "domain/services.h"

struct job_broker;
struct job_inbox;

/* job_broker_create: NULL in `*ret_broker` when RABBITMQ_URL is not set. ERROR_INVALID with a
 * message for the user. */
int job_broker_create(struct job_broker **ret_broker, const struct config *config,
                      struct job_queue *queue, struct arena *arena, struct text *ret_message);

/* job_broker_free: after job_broker_stop. Takes NULL, as do all but the
 * last three. */
void job_broker_free(struct job_broker *broker);

/* job_broker_start: starts its threads, for so many workers. It need not be there.
 * ERROR_UNAVAILABLE when there are no threads. */
int job_broker_start(struct job_broker *broker, struct services *services, unsigned workers);

/* job_broker_stop: once no worker runs, and nobody submits jobs. */
void job_broker_stop(struct job_broker *broker);

/* job_broker_is_up: whether it carries jobs at this moment. Any thread, as the following. */
bool job_broker_is_up(const struct job_broker *broker);

/* job_broker_inbox: what it has brought; NULL without a broker. */
struct job_inbox *job_broker_inbox(const struct job_broker *broker);

/* job_broker_reason: why it is not up, copied to the arena; the null text while it is, or where
 * there is none. */
struct text job_broker_reason(struct job_broker *broker, struct arena *arena);

/* job_broker_write_metrics: in the Prometheus text format. */
void job_broker_write_metrics(const struct job_broker *broker, struct buffer *out);

/* Messages, by what was done with them. */
enum job_broker_count {
    JOB_BROKER_PUBLISHED,
    JOB_BROKER_CONFIRMED,
    JOB_BROKER_CONSUMED,
    JOB_BROKER_REJECTED,
    JOB_BROKER_BURIED,
    JOB_BROKER_COUNTS,
};
void job_broker_count(struct job_broker *broker, enum job_broker_count what, uint64_t count);

/* A line (job_line.h) says that it is connected; and that it is not any more, or still not. The
 * broker carries jobs while all its lines are. */
void job_broker_note_up(struct job_broker *broker);
void job_broker_note_down(struct job_broker *broker, bool was_up, const char *reason);

#endif
