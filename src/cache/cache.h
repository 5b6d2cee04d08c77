/*
 * cache.h: results kept because making them again costs more than keeping them.
 *
 * A value is bytes under a key, with a time to live. It may be gone at any time, so whoever asks
 * can always make it anew. Nothing is ever invalidated: a key names the version of what the value
 * was made of (domain/statistics.c), so that a stale value is one that nobody asks for any more.
 *
 * This one lives in the process: shards with a mutex each, bounded in bytes, the entry used longest
 * ago goes first. Every function may be called from any thread.
 */
#ifndef ERRAND_CACHE_CACHE_H
#define ERRAND_CACHE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct cache;

/* cache_create: holds at most `limit` bytes of keys and values. Takes memory as they come. */
struct cache *cache_create(size_t limit);
void cache_free(struct cache *cache);

/* cache_get: whether a value is kept under `key`; a copy of it in `arena`. */
bool cache_get(struct cache *cache, struct arena *arena, struct text key, struct text *ret_value);

/* cache_put: keeps a copy of `value` for `lifetime` microseconds, in place of what is there. A
 * value too large for the cache is not kept. */
void cache_put(struct cache *cache, struct text key, struct text value, int64_t lifetime);

struct cache_statistics {
    uint64_t hits;
    uint64_t misses;
    uint64_t entries;
    uint64_t bytes;
};
void cache_statistics(struct cache *cache, struct cache_statistics *ret_statistics);

#endif
