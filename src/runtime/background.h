/*
 * background.h: a thread that does something now and then, until it is stopped.
 */
#ifndef ERRAND_RUNTIME_BACKGROUND_H
#define ERRAND_RUNTIME_BACKGROUND_H

#include <stdatomic.h>
#include <stdint.h>

struct background;

/* background_fn: does what there is to do and returns after how many microseconds to call it again.
 * When that takes long, it looks at `*stop` in between, and returns soon once it is set. */
typedef int64_t background_fn(void *argument, const atomic_bool *stop);

/* background_start: calls fn(argument) in a thread of that name (at most 15 characters) now, and
 * from then on. ERROR_UNAVAILABLE when there is no thread to be had. */
int background_start(struct background **ret_background, const char *name, background_fn *fn,
                     void *argument);

/* background_wake: has fn called again at once, or once more when it is at work. Any thread. */
void background_wake(struct background *background);

/* background_stop: ends the thread after the call it is at. Takes NULL. */
void background_stop(struct background *background);

#endif
