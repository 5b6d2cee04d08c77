/*
 * idempotency.h: answers kept so that a repeated request is not carried out twice.
 *
 * A client that does not know whether its request arrived sends it again with the same
 * Idempotency-Key. The key, a hash of the request and the answer are one row, written in the
 * transaction of the change itself: there is no moment at which the change is there and the answer
 * is not. Keys belong to their sender, and are forgotten after IDEMPOTENCY_LIFETIME.
 */
#ifndef ERRAND_DOMAIN_IDEMPOTENCY_H
#define ERRAND_DOMAIN_IDEMPOTENCY_H

#include "base/clock.h"
#include "db/db.h"
#include "domain/services.h"

#define IDEMPOTENCY_LIFETIME CLOCK_DAY

enum { IDEMPOTENCY_KEY_LIMIT = 255 }; /* bytes */

/* A request that may be repeated, and how it was answered. */
struct idempotent_answer {
    struct text sender; /* "user:7", or an anonymous caller's address */
    struct text key;
    struct text request_hash; /* the null text while it is not known */
    struct text kept_hash;    /* of the request whose answer is kept */
    int64_t status;
    struct text headers; /* JSON list of [name, value] */
    struct text body;
};

/* idempotency_find: the answer kept for `sender` and `key`, into `*answer`. ERROR_NOT_FOUND;
 * ERROR_CONFLICT when the key was used for a request with another hash than the one that is known.
 */
int idempotency_find(struct services *services, struct arena *arena,
                     struct idempotent_answer *answer);

/* The same inside a transaction, and keeping an answer in one. */
int idempotency_load(struct db_connection *connection, struct arena *arena,
                     struct idempotent_answer *answer);
int idempotency_keep(struct db_connection *connection, const struct idempotent_answer *answer);

#endif
