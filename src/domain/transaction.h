/*
 * transaction.h: how the domain writes.
 *
 * Every change goes through transaction_write, so that what must happen together with any change,
 * in its transaction, has one place. An actor may bring a hook: its `before` runs first and may
 * refuse, its `after` runs when the change has been made and before it is committed. That is how
 * the answer to a request with an Idempotency-Key is committed with the change (idempotency.h).
 * Once it is committed everybody who follows the log is told (runtime/wake.h).
 */
#ifndef ERRAND_DOMAIN_TRANSACTION_H
#define ERRAND_DOMAIN_TRANSACTION_H

#include "db/db.h"
#include "domain/services.h"

struct transaction_hook {
    int (*before)(struct db_connection *connection, struct transaction_hook *hook);
    int (*after)(struct db_connection *connection, struct transaction_hook *hook);
};

/* transaction_write: db_write with the actor's hook around `fn`; a negative result of any of the
 * three undoes all. */
int transaction_write(struct services *services, const struct actor *actor, db_fn *fn,
                      void *argument);

/* transaction_announce: tells that the log of changes has grown; for who has written without
 * transaction_write. */
void transaction_announce(struct services *services);

#endif
