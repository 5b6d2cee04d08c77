/*
 * job_outbox.h: the jobs that are to be handed to the broker.
 *
 * The outbox is no table of its own: it is the rows of jobs that are queued and not published. So a
 * job is in it in the transaction that submits it, queues it again or takes it from a dead worker
 * (JOB_UNPUBLISHED), and leaves it, whoever carries it out.
 *
 *     published_at = 0 ── job_outbox_take ──> published_at = now ── the broker confirms ──> that's
 * it ^                                       │ └────────── job_outbox_return ──────────┘ it does
 * not, or says that it has lost it
 *
 * A relay that dies between the two leaves rows that look published. Workers take those after a
 * moment all the same (`stray` in job_lease.h); those of external operations come back when the
 * relay sees that their queue has been empty for long.
 *
 * Functions run inside a write of db.h.
 */
#ifndef ERRAND_DOMAIN_JOB_OUTBOX_H
#define ERRAND_DOMAIN_JOB_OUTBOX_H

#include "db/db.h"
#include "domain/job_message.h"

enum { JOB_OUTBOX_BATCH = 256 };

struct job_posting {
    int64_t number;
    struct job_message message;
};

/* job_outbox_take: marks the first in turn as published at `now`, of every operation that is not
 * paused, at most JOB_OUTBOX_BATCH and not much more than a few MiB. Their number. */
int job_outbox_take(struct db_connection *connection, struct arena *arena, int64_t now,
                    struct job_posting *postings);

/* job_outbox_return: the jobs of these numbers were not published after all, at `now`. */
int job_outbox_return(struct db_connection *connection, const int64_t *numbers, size_t count,
                      int64_t now);

/* job_outbox_reclaim: those of an operation that were published before `before` and are still
 * queued are to be published again. How many. */
int job_outbox_reclaim(struct db_connection *connection, struct text operation, int64_t before);

#endif
