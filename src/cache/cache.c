#include "cache/cache.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cache/memory.h"
#include "cache/redis.h"

enum { SHARED_LIMIT = 256 << 10 }; /* bytes of a value; larger ones stay in memory */

struct cache {
    struct memory_cache *memory;
    struct redis *redis;
    atomic_uint_fast64_t shared_hits;
};

struct cache *cache_create(size_t limit, struct redis *redis)
{
    struct cache *cache = memory_allocate(sizeof *cache);
    cache->memory = memory_cache_create(limit);
    cache->redis = redis;
    return cache;
}

void cache_free(struct cache *cache)
{
    if (cache == NULL)
        return;
    memory_cache_free(cache->memory);
    free(cache);
}

/* A value that another version of the program has made may look different. */
static struct text shared_key(struct cache *cache, struct arena *arena, struct text key)
{
    return redis_key(cache->redis, arena,
                     arena_format(arena, "cache:" ERRAND_VERSION ":%.*s", TEXT_ARGUMENTS(key)));
}

/* In Redis a value has its end before it: "1763719200000000:VALUE". */
static bool get_shared(struct cache *cache, struct arena *arena, struct text key,
                       struct text *ret_value)
{
    struct redis_answer answer;
    if (redis_command(cache->redis, arena, REDIS_WORDS(TEXT("GET"), shared_key(cache, arena, key)),
                      &answer) < 0 ||
        answer.kind != REDIS_TEXT)
        return false;
    struct text value = answer.text;
    struct text digits;
    int64_t end;
    text_split(&value, ':', &digits);
    if (value.data == NULL || text_parse_integer(digits, &end) < 0)
        return false;
    int64_t left = end - clock_now();
    if (left <= 0)
        return false;
    memory_cache_put(cache->memory, key, value, left);
    atomic_fetch_add(&cache->shared_hits, 1);
    *ret_value = value;
    return true;
}

static void put_shared(struct cache *cache, struct text key, struct text value, int64_t lifetime)
{
    struct arena arena;
    arena_init(&arena);
    struct text dated =
        arena_format(&arena, "%jd:%.*s", (intmax_t)(clock_now() + lifetime), TEXT_ARGUMENTS(value));
    struct text milliseconds =
        arena_format(&arena, "%jd", (intmax_t)(lifetime / CLOCK_MILLISECOND));
    redis_send(cache->redis, REDIS_WORDS(TEXT("SET"), shared_key(cache, &arena, key), dated,
                                         TEXT("PX"), milliseconds));
    arena_release(&arena);
}

bool cache_get(struct cache *cache, struct arena *arena, struct text key, struct text *ret_value)
{
    if (memory_cache_get(cache->memory, arena, key, ret_value))
        return true;
    return cache->redis != NULL && get_shared(cache, arena, key, ret_value);
}

void cache_put(struct cache *cache, struct text key, struct text value, int64_t lifetime)
{
    memory_cache_put(cache->memory, key, value, lifetime);
    if (cache->redis != NULL && value.length <= SHARED_LIMIT && lifetime >= CLOCK_MILLISECOND)
        put_shared(cache, key, value, lifetime);
}

void cache_statistics(struct cache *cache, struct cache_statistics *ret_statistics)
{
    memory_cache_statistics(cache->memory, ret_statistics);
    uint64_t shared = atomic_load(&cache->shared_hits);
    ret_statistics->shared_hits = shared;
    ret_statistics->hits += shared;
    ret_statistics->misses -= shared;
}
