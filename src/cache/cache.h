/*
 * cache.h: results kept because making them again costs more than keeping them.
 *
 * A value is bytes under a key, with a time to live. It may be gone at any time, so whoever asks
 * can always make it anew. Nothing is ever invalidated: a key names the version of what the value
 * was made of (domain/statistics.c), so that a stale value is one that nobody asks for any more, on
 * whichever server and whatever Redis has missed.
 *
 * Values are kept in the process (memory.h) and, where there is one, in Redis (redis.h), so that
 * what one server has made the others find there:
 *
 *     get:  memory ──> Redis, and into memory      put:  memory and Redis
 *
 * Every function may be called from any thread; in a fiber, get may park it.
 */
#ifndef ERRAND_CACHE_CACHE_H
#define ERRAND_CACHE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct cache;
struct redis;

/* cache_create: holds at most `limit` bytes of keys and values in memory. `redis` is borrowed; NULL
 * for none. */
struct cache *cache_create(size_t limit, struct redis *redis);
void cache_free(struct cache *cache);

/* cache_get: whether a value is kept under `key`; a copy of it in `arena`. */
bool cache_get(struct cache *cache, struct arena *arena, struct text key, struct text *ret_value);

/* cache_put: keeps a copy of `value` for `lifetime` microseconds, in place of what is there. A
 * value too large for the cache is not kept. */
void cache_put(struct cache *cache, struct text key, struct text value, int64_t lifetime);

struct cache_statistics {
    uint64_t hits; /* in memory or Redis */
    uint64_t misses;
    uint64_t shared_hits; /* of the hits, those in Redis */
    uint64_t entries;     /* in memory */
    uint64_t bytes;
};
void cache_statistics(struct cache *cache, struct cache_statistics *ret_statistics);

#endif
