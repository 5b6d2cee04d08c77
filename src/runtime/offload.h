/*
 * offload.h: a bounded pool of threads for what can only block.
 *
 * bcrypt, file input and output, long reads: a fiber hands the call to a pool and parks until it is
 * done. The queue is bounded, so that a flood is refused early (ERROR_BUSY) instead of growing.
 */
#ifndef ERRAND_RUNTIME_OFFLOAD_H
#define ERRAND_RUNTIME_OFFLOAD_H

#include <stddef.h>

struct offload;

struct offload_options {
    const char *name;   /* of the threads, at most 15 characters */
    size_t threads;     /* started when first needed */
    size_t queue_limit; /* calls that may wait for a thread */
    int nice;           /* added to the threads' nice value, so that loops come first */
};

/* offload_create: a pool without threads yet; never fails. */
struct offload *offload_create(const struct offload_options *options);

/* offload_free: ends the threads after what is queued. Nobody may call offload_run any more. */
void offload_free(struct offload *pool);

/* offload_run: fn(argument) on a thread of the pool; returns when it is done. In a fiber, other
 * fibers run meanwhile. ERROR_BUSY when the queue is full. Any thread but the pool's own. */
int offload_run(struct offload *pool, void (*fn)(void *argument), void *argument);

#endif
