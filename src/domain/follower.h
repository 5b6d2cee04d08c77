/*
 * follower.h: what reads the log of changes behind the writers.
 *
 * A follower is a row of the table in follower.c. One thread gives each of them, in turn, the part
 * of the log that it has not seen:
 *
 *     read:   position ──> prepare(part)    looks at the rows behind it; sets part->last
 *     write:  position moves to part->last, if nobody else has moved it; apply(part)
 *
 * The thread looks twice a second and goes on at once while there is more, so followers are at most
 * about a second behind, writers never wait for them, and what is written in between shares the
 * price of one look. Only the two short statements of `apply` hold the writer.
 *
 * The position is stored in the transaction that applies the part. Several processes over one
 * database may all follow: who comes second finds the position moved and drops its part.
 */
#ifndef ERRAND_DOMAIN_FOLLOWER_H
#define ERRAND_DOMAIN_FOLLOWER_H

#include "db/db.h"
#include "domain/services.h"

/* A part of the log on its way through a follower. */
struct follower_part {
    struct arena *arena;
    int64_t position; /* the last row of the part before */
    int64_t limit;    /* rows behind it are not to be read yet: see event_gap.h */
    int64_t last;     /* the last row of this one; `position` when there is nothing to do */
    void *work;       /* prepare's for apply */
};

struct followers;

/* followers_start: starts the thread. ERROR_UNAVAILABLE when there is none to be had. */
int followers_start(struct followers **ret_followers, struct services *services);

/* followers_stop: ends it after the part it is at. Takes NULL. */
void followers_stop(struct followers *followers);

#endif
