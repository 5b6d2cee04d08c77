/*
 * memory.h: the part of the cache that lives in the process.
 *
 * Shards with a mutex each, bounded in bytes; the entry used longest ago goes first. Every function
 * may be called from any thread. Only cache.c includes this.
 */
#ifndef ERRAND_CACHE_MEMORY_H
#define ERRAND_CACHE_MEMORY_H

#include "cache/cache.h"

struct memory_cache;

/* memory_cache_create: holds at most `limit` bytes of keys and values. Takes memory as they come.
 */
struct memory_cache *memory_cache_create(size_t limit);
void memory_cache_free(struct memory_cache *cache);

/* memory_cache_get, memory_cache_put: see cache_get and cache_put. */
bool memory_cache_get(struct memory_cache *cache, struct arena *arena, struct text key,
                      struct text *ret_value);
void memory_cache_put(struct memory_cache *cache, struct text key, struct text value,
                      int64_t lifetime);

void memory_cache_statistics(struct memory_cache *cache, struct cache_statistics *ret_statistics);

#endif
