/*
 * job_lease.h: what workers do with the rows of jobs.
 *
 * A worker leases jobs, carries them out, and ends each of them, all under a fencing token: every
 * lease of a job raises its fence, and only who holds the newest one can change the job. So a
 * worker that was taken for dead and comes back changes nothing.
 *
 *   lease_until passes    the worker died: the job is queued again, which costs it no attempt but
 *                         counts as a crash; after JOB_CRASHES_LIMIT of them it is dead
 *   given back            the worker stops: queued again, the attempt does not count
 *
 * A job whose worker has died is leased alone from then on, so that a job which kills its worker
 * does not take others with it again and again.
 *
 * Functions that take a connection run inside a write of db.h.
 */
#ifndef ERRAND_DOMAIN_JOB_LEASE_H
#define ERRAND_DOMAIN_JOB_LEASE_H

#include "domain/job.h"
#include "domain/operation.h"

enum { JOB_CRASHES_LIMIT = 5 };

/* A message of the broker, to be settled with it on the connection that brought it. */
struct job_ticket {
    uint64_t connection;
    uint64_t tag; /* 0: none */
};

/* A job that is leased. */
struct job_lease {
    int64_t number;
    int64_t fence;
    const struct operation *operation;
    struct text id;
    struct text data;
    int64_t user_id;
    int64_t priority;
    int64_t attempts; /* this one included */
    int64_t max_attempts;
    int64_t crashes;
    struct job_ticket ticket;
};

/* How a lease ends. */
enum job_outcome_kind {
    OUTCOME_FINISHED,
    OUTCOME_FAILED,    /* tried again later, if an attempt is left */
    OUTCOME_HOPELESS,  /* dead at once */
    OUTCOME_CANCELLED, /* as somebody wished */
    OUTCOME_GIVEN_BACK,
};

struct job_outcome {
    enum job_outcome_kind kind;
    struct text result;
    struct text error;
};

/* Whom a lease is given, until when, and of which operations. */
struct job_claim {
    const char *worker;
    const struct operations *operations;
    int64_t now;
    int64_t lease; /* microseconds */
    /* A broker brings the jobs: only the server's own are to be taken, and those that it was given,
     * or should have been, before `stray` and has not brought. */
    bool carried;
    int64_t stray; /* 0: not those either */
};

/* job_lease_take: leases the first in turn, at most `limit`, into `leases`; returns their number.
 */
int job_lease_take(struct db_connection *connection, struct arena *arena,
                   const struct job_claim *claim, size_t limit, struct job_lease *leases);

/* A job that the broker has brought, and what comes of it. */
enum job_delivery_state {
    DELIVERY_LEASED,
    DELIVERY_VOID,    /* there is nothing to do: it is over, or somebody else's */
    DELIVERY_UNKNOWN, /* there is no such job */
    DELIVERY_KEPT,    /* it is to be leased another time */
};

struct job_delivery {
    char id[UUID_SIZE];
    const struct operation *operation;
    struct job_ticket ticket;
    enum job_delivery_state state;
};

/* job_lease_take_delivered: leases those that are queued into `leases`, and sets the state of all.
 * Returns how many are leased. */
int job_lease_take_delivered(struct db_connection *connection, struct arena *arena,
                             const struct job_claim *claim, struct job_delivery *deliveries,
                             size_t count, struct job_lease *leases);

/* job_lease_take_one: leases the job with that id, if it is queued. ERROR_NOT_FOUND otherwise. */
int job_lease_take_one(struct db_connection *connection, struct arena *arena,
                       const struct job_claim *claim, struct text id, struct job_lease *ret_lease);

/* job_lease_take_number: the same for the job with that number, as of `operation`. */
int job_lease_take_number(struct db_connection *connection, struct arena *arena,
                          const struct job_claim *claim, int64_t number,
                          const struct operation *operation, struct job_lease *ret_lease);

/* job_lease_end: stores the outcome. 1 when the job is over now, 0 when it goes on otherwise or the
 * lease was no longer ours, which leaves the job as it is. */
int job_lease_end(struct db_connection *connection, struct arena *arena,
                  const struct job_lease *lease, const struct job_outcome *outcome, int64_t now);

/* job_lease_extend: the heartbeat: the lease holds until `until`; tells the progress. 1 when the
 * job is to be cancelled, 0 when not, ERROR_STALE when the lease is not ours any more. */
int job_lease_extend(struct db_connection *connection, int64_t number, int64_t fence, int64_t until,
                     int64_t progress);

/* job_lease_recover: takes jobs from workers that have not been heard of. How many. */
int job_lease_recover(struct db_connection *connection, struct arena *arena, int64_t now);

/* job_lease_promote: queues those whose time has come; how many. */
int job_lease_promote(struct db_connection *connection, int64_t now);

/* job_backoff: how long to wait before the next attempt: doubled with each of them up to
 * JOB_BACKOFF_LIMIT, and between half of that and all of it, so that jobs that failed together do
 * not come back together. */
#define JOB_BACKOFF_BASE CLOCK_SECOND
#define JOB_BACKOFF_LIMIT (5 * CLOCK_MINUTE)
int64_t job_backoff(int64_t attempts);

#endif
