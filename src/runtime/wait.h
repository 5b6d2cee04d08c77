/*
 * wait.h: the one place where code waits.
 *
 * Inside a fiber each of these parks it and the loop serves others; outside one (the command line,
 * migrations, tests, the writer thread) they simply block. So one driver serves both.
 *
 * A wait ends early with ERROR_CANCELLED when the fiber is cancelled (fiber.h); wait_done
 * does not, because another thread is using what the caller owns, nor do the ..._firmly ones.
 * Deadlines are clock_monotonic() microseconds; WAIT_FOREVER sets none.
 */
#ifndef ERRAND_RUNTIME_WAIT_H
#define ERRAND_RUNTIME_WAIT_H

#include <semaphore.h>
#include <stdint.h>

#include "runtime/loop.h"

#define WAIT_FOREVER INT64_MAX

/* wait_fd: until one of `events` (EPOLLIN, EPOLLOUT) holds for the descriptor. Returns the events
 * (> 0), ERROR_TIMEOUT, ERROR_CANCELLED, or ERROR_IO when the descriptor cannot be watched. */
int wait_fd(int descriptor, uint32_t events, int64_t deadline);

/* wait_fd_firmly: the same, but not ended by a cancellation: for an exchange that is better
 * finished than broken off, and that ends by its deadline. */
int wait_fd_firmly(int descriptor, uint32_t events, int64_t deadline);

/* wait_timer: until `deadline`. 0 or ERROR_CANCELLED. */
int wait_timer(int64_t deadline);

/* wait_woken: until fiber_wake; returns what that was given, or ERROR_CANCELLED. In a fiber only;
 * the one who wakes it runs in the same loop. */
int wait_woken(void);

/* wait_woken_firmly: the same, but not ended by a cancellation. */
int wait_woken_firmly(void);

/* Something that another thread will finish. Lives on the waiter's stack. */
struct completion {
    struct loop_post post;
    struct fiber *fiber;
    sem_t semaphore; /* used outside a fiber */
    int result;
};

/* completion_init: to be called by the one who will wait. */
void completion_init(struct completion *completion);

/* completion_signal: ends the wait with `result`. Once; any thread. The completion must not be
 * touched afterwards. */
void completion_signal(struct completion *completion, int result);

/* wait_done: until completion_signal; returns its result. */
int wait_done(struct completion *completion);

/* wait_done_until: the same, or ERROR_TIMEOUT at `deadline`, or ERROR_CANCELLED. After either of
 * these the caller takes the completion back from whoever would signal it or, where that is too
 * late, calls wait_done. */
int wait_done_until(struct completion *completion, int64_t deadline);

/* wait_done_firmly: the same, but not ended by a cancellation. */
int wait_done_firmly(struct completion *completion, int64_t deadline);

#endif
