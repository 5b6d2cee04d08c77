/*
 * limit.h: sliding-window rate limits.
 *
 * A window is cut into LIMIT_SLICES slices, each with a counter. What counts against a caller is
 * the sum over the last window and the slice that is just leaving it, so that no window of full
 * length, wherever it starts, ever holds more than the limit, and a key costs the same few bytes
 * whatever its limit is.
 *
 *      slices:  | 3 | 0 | 1 | ... | 2 |      used = sum
 *                 ^ leaves next     ^ now
 *
 * The table is shared by all loops: shards with a mutex each. When a shard is full, the key used
 * longest ago is forgotten. Every function may be called from any thread.
 */
#ifndef ERRAND_HTTP_LIMIT_H
#define ERRAND_HTTP_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIMIT_SLICES = 60 };

struct limiter;

/* What is limited together: a rule, an address or a user, and perhaps a name's hash. */
struct limit_key {
    uint64_t rule;
    uint64_t words[3];
};

struct limit_rule {
    int64_t limit;  /* 0: none */
    int64_t window; /* microseconds */
};

struct limit_verdict {
    bool allowed;
    int64_t limit;
    int64_t remaining;
    int64_t reset; /* microseconds from `now` until there is room for one more (when refused), or
                      until the first of those counted is forgotten */
};

/* limiter_create: a table of at most `keys` keys; takes memory as they come. Never fails. */
struct limiter *limiter_create(size_t keys);
void limiter_free(struct limiter *limiter);

/* limiter_take: counts one more for `key` if there is room. `now` is clock_monotonic(). A refused
 * one does not count. */
struct limit_verdict limiter_take(struct limiter *limiter, const struct limit_key *key,
                                  const struct limit_rule *rule, int64_t now);

#endif
