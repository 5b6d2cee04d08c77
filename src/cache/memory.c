#include "cache/memory.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"

enum {
    SHARDS = 16,
    BUCKETS = 512, /* hash chains of a shard */
};

struct entry {
    struct entry *chain;
    struct entry *newer; /* order of use */
    struct entry *older;
    uint64_t hash;
    int64_t expires; /* clock_monotonic() */
    size_t key_length;
    size_t value_length;
    char data[]; /* the key, then the value */
};

struct shard {
    pthread_mutex_t mutex;
    struct entry *buckets[BUCKETS];
    struct entry *newest;
    struct entry *oldest;
    size_t bytes;
    uint64_t entries;
    uint64_t hits;
    uint64_t misses;
};

struct memory_cache {
    size_t shard_limit;
    uint64_t seed;
    struct shard shards[SHARDS];
};

struct memory_cache *memory_cache_create(size_t limit)
{
    struct memory_cache *cache = memory_allocate(sizeof *cache);
    cache->shard_limit = limit / SHARDS;
    cache->seed = random_integer();
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&cache->shards[i].mutex, NULL);
    return cache;
}

void memory_cache_free(struct memory_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        struct entry *entry = cache->shards[i].newest;
        while (entry != NULL) {
            struct entry *older = entry->older;
            free(entry);
            entry = older;
        }
        pthread_mutex_destroy(&cache->shards[i].mutex);
    }
    free(cache);
}

static size_t size_of(const struct entry *entry)
{
    return sizeof *entry + entry->key_length + entry->value_length;
}

static void unlink_use(struct shard *shard, struct entry *entry)
{
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        shard->newest = entry->older;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        shard->oldest = entry->newer;
}

static void link_newest(struct shard *shard, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = shard->newest;
    if (shard->newest != NULL)
        shard->newest->newer = entry;
    else
        shard->oldest = entry;
    shard->newest = entry;
}

static struct entry **chain_of(struct shard *shard, uint64_t hash)
{
    return &shard->buckets[hash / SHARDS % BUCKETS];
}

static struct entry *find(struct shard *shard, uint64_t hash, struct text key)
{
    struct entry *entry = *chain_of(shard, hash);
    while (entry != NULL &&
           (entry->hash != hash || !text_equal((struct text){entry->data, entry->key_length}, key)))
        entry = entry->chain;
    return entry;
}

static void forget(struct shard *shard, struct entry *entry)
{
    struct entry **place = chain_of(shard, entry->hash);
    while (*place != entry)
        place = &(*place)->chain;
    *place = entry->chain;
    unlink_use(shard, entry);
    shard->bytes -= size_of(entry);
    shard->entries--;
    free(entry);
}

bool memory_cache_get(struct memory_cache *cache, struct arena *arena, struct text key,
                      struct text *ret_value)
{
    uint64_t hash = text_hash(key, cache->seed);
    struct shard *shard = &cache->shards[hash % SHARDS];
    pthread_mutex_lock(&shard->mutex);
    struct entry *entry = find(shard, hash, key);
    if (entry != NULL && entry->expires <= clock_monotonic()) {
        forget(shard, entry);
        entry = NULL;
    }
    if (entry != NULL) {
        unlink_use(shard, entry);
        link_newest(shard, entry);
        *ret_value =
            arena_copy(arena, (struct text){entry->data + entry->key_length, entry->value_length});
        shard->hits++;
    } else {
        shard->misses++;
    }
    pthread_mutex_unlock(&shard->mutex);
    return entry != NULL;
}

static struct entry *entry_create(uint64_t hash, struct text key, struct text value,
                                  int64_t lifetime)
{
    struct entry *entry = memory_allocate(sizeof *entry + key.length + value.length);
    entry->hash = hash;
    entry->expires = clock_monotonic() + lifetime;
    entry->key_length = key.length;
    entry->value_length = value.length;
    memcpy(entry->data, key.data, key.length);
    if (value.length > 0)
        memcpy(entry->data + key.length, value.data, value.length);
    return entry;
}

void memory_cache_put(struct memory_cache *cache, struct text key, struct text value,
                      int64_t lifetime)
{
    if (sizeof(struct entry) + key.length + value.length > cache->shard_limit)
        return;
    uint64_t hash = text_hash(key, cache->seed);
    struct entry *entry = entry_create(hash, key, value, lifetime);
    struct shard *shard = &cache->shards[hash % SHARDS];
    pthread_mutex_lock(&shard->mutex);
    struct entry *earlier = find(shard, hash, key);
    if (earlier != NULL)
        forget(shard, earlier);
    while (shard->oldest != NULL && shard->bytes + size_of(entry) > cache->shard_limit)
        forget(shard, shard->oldest);
    struct entry **chain = chain_of(shard, hash);
    entry->chain = *chain;
    *chain = entry;
    link_newest(shard, entry);
    shard->bytes += size_of(entry);
    shard->entries++;
    pthread_mutex_unlock(&shard->mutex);
}

void memory_cache_statistics(struct memory_cache *cache, struct cache_statistics *ret_statistics)
{
    *ret_statistics = (struct cache_statistics){0};
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->mutex);
        ret_statistics->hits += shard->hits;
        ret_statistics->misses += shard->misses;
        ret_statistics->entries += shard->entries;
        ret_statistics->bytes += shard->bytes;
        pthread_mutex_unlock(&shard->mutex);
    }
}
