/*
 * redis_window.h: sliding windows counted in Redis, so that many servers count together.
 *
 * One script, one round trip. It counts as http/limit.h does: a window is cut into slices, each
 * with a counter, and what counts is the sum over the last window and the slice that is leaving it.
 * The time is that of Redis, so that the servers' clocks do not matter.
 */
#ifndef ERRAND_CACHE_REDIS_WINDOW_H
#define ERRAND_CACHE_REDIS_WINDOW_H

#include "cache/redis.h"

struct redis_window {
    struct text key;
    int64_t limit;
    int64_t length; /* microseconds; whole milliseconds a slice */
    int64_t slices;
};

struct redis_window_count {
    bool allowed;
    int64_t remaining;
    int64_t reset; /* microseconds until the first of those counted is forgotten */
};

/* redis_window_take: counts one more if there is room. Parks the fiber. ERROR_UNAVAILABLE. */
int redis_window_take(struct redis *redis, struct arena *arena, const struct redis_window *window,
                      struct redis_window_count *ret_count);

#endif
