/*
 * fiber.h: stackful coroutines, so that code which waits reads from top to bottom.
 *
 * A fiber runs on a stack of its own inside its loop's thread until it parks; the loop then goes
 * on, and whoever has what the fiber waits for wakes it. A fiber stays with its loop for life.
 *
 *        fiber_start            fiber_park              fn returns
 *   new ------------> running ------------> parked         |
 *                        ^                    | wake       v
 *                        +---- ready <--------+        pooled for the next fiber_start
 *
 * Stacks are FIBER_STACK_SIZE bytes of address space with a guard page below, pooled per thread;
 * memory is taken only for the pages that were touched. Keep locals small (a few KiB) and recursion
 * bounded.
 *
 * Code that may wait does not call fiber_park itself but a function of runtime/wait.h, which works
 * outside a fiber too.
 */
#ifndef ERRAND_RUNTIME_FIBER_H
#define ERRAND_RUNTIME_FIBER_H

#include <stdbool.h>
#include <stdint.h>

struct fiber;
struct loop;

enum { FIBER_STACK_SIZE = 256 * 1024 };

typedef void fiber_fn(void *argument);

/* fiber_start: runs fn(argument) as a new fiber of this thread's loop. Called outside a fiber, it
 * runs at once and this returns when it first parks or ends; inside one, it is queued behind the
 * running one. Loop thread. */
void fiber_start(fiber_fn *fn, void *argument);

/* fiber_current: the running fiber, or NULL outside one. */
struct fiber *fiber_current(void);

/* fiber_number: a number that no other fiber of this process had or will have. */
uint64_t fiber_number(const struct fiber *fiber);

/* fiber_loop: the loop that runs the fiber. */
struct loop *fiber_loop(const struct fiber *fiber);

/* fiber_park: suspends the running fiber until fiber_wake; returns what that was given. */
int fiber_park(void);

/* fiber_wake: lets a parked fiber go on with `result` in this turn or the next. A fiber is woken
 * once for each time it parks. Thread of the fiber's loop. */
void fiber_wake(struct fiber *fiber, int result);

/* fiber_cancel: makes the wait that the fiber is in, and every later one that can be cancelled,
 * return ERROR_CANCELLED. Thread of the fiber's loop. */
void fiber_cancel(struct fiber *fiber);
bool fiber_is_cancelled(const struct fiber *fiber);

/* fiber_set_cancellable: tells whether fiber_cancel may wake the park that follows. For wait.c. */
void fiber_set_cancellable(struct fiber *fiber, bool cancellable);

/* fiber_thread_release: unmaps the pooled stacks of this thread. */
void fiber_thread_release(void);

/* Fibers that are ready to go on, first come first. For loop.c. */
struct fiber_queue {
    struct fiber *first;
    struct fiber *last;
};

void fiber_queue_add(struct fiber_queue *queue, struct fiber *fiber);
bool fiber_queue_is_empty(const struct fiber_queue *queue);

/* fiber_queue_run: resumes what is in the queue now; what becomes ready meanwhile waits a turn. */
void fiber_queue_run(struct fiber_queue *queue);

#endif
