/*
 * job_batch.h: jobs that a worker has leased together, and where it finds the next ones.
 *
 *     leases[i]        i < stored     its outcome is in the database
 *                      i < done       it has an outcome
 *                      i < begun      it was begun: leases[done] runs where begun > done
 *                      i < count      it is leased
 *
 * An exchange stores the outcomes of one batch and leases the next one in one transaction. The next
 * ones are rows: those that the broker names (job_broker.h), or, where it does not carry jobs, the
 * first in turn. The server's own jobs, and strays, are looked for in the rows at all times.
 *
 * A batch belongs to one thread at a time.
 */
#ifndef ERRAND_DOMAIN_JOB_BATCH_H
#define ERRAND_DOMAIN_JOB_BATCH_H

#include "domain/job_lease.h"

enum { JOB_BATCH_LIMIT = 128 };

struct job_batch {
    struct arena arena; /* of the leases and outcomes */
    struct job_lease leases[JOB_BATCH_LIMIT];
    struct job_outcome outcomes[JOB_BATCH_LIMIT];
    bool over[JOB_BATCH_LIMIT];
    size_t count; /* fewer when the rest was given back */
    size_t begun;
    size_t done;
    size_t stored;
};

/* Where a worker finds jobs. */
struct job_source {
    struct services *services;
    const char *worker;
    int64_t looked_at;  /* clock_monotonic() when it last looked at the rows */
    int64_t strayed_at; /* the same for strays */
};

/* job_source_claim: what its leases are to be, from now. */
struct job_claim job_source_claim(const struct job_source *source);

/* job_source_has_more: whether there is something to take without waiting. */
bool job_source_has_more(const struct job_source *source);

/* job_batch_exchange: ends the batch `old` and begins `fresh` with at most `limit` jobs; how many
 * those are. After an error `old` is still to be ended. */
int job_batch_exchange(struct job_source *source, struct job_batch *old, struct job_batch *fresh,
                       size_t limit);

/* job_batch_break_up: stores the outcomes that there are, and gives back what was not begun. */
int job_batch_break_up(struct services *services, struct job_batch *batch);

#endif
