/*
 * idempotency.h: POST and PATCH requests with an Idempotency-Key.
 *
 *   kept, same request         the kept answer, with Idempotent-Replayed: true
 *   kept, another request      422
 *   being carried out now      409
 *   new                        carried out; its answer is kept in the transaction of its change
 *
 * For the last, a handler says with reply_when_done (http/reply.h) how its answer is made, and the
 * answer is then made inside the transaction. A request that fails keeps nothing, so that it may be
 * sent again with the same key.
 */
#ifndef ERRAND_API_IDEMPOTENCY_H
#define ERRAND_API_IDEMPOTENCY_H

#include "http/request.h"

/* The keys of requests that are being carried out in this process. */
struct running_keys;

struct running_keys *running_keys_create(void);
void running_keys_free(struct running_keys *keys);

/* idempotency_run: runs the handler of the request's route as its header asks. For
 * http_options.run. */
int idempotency_run(struct request *request);

#endif
