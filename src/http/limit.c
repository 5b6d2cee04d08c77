#include "http/limit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"

enum {
    SHARDS = 16,
    BUCKETS = 1024,              /* hash chains of a shard */
    COUNTERS = LIMIT_SLICES + 1, /* the slice that is leaving the window counts in full */
};

struct entry {
    struct entry *chain;
    struct entry *newer; /* order of use */
    struct entry *older;
    struct limit_key key;
    uint64_t hash;
    int64_t slice; /* number of the latest slice, since the clock's start */
    int64_t used;  /* sum of the counters */
    uint32_t counters[COUNTERS];
};

struct shard {
    pthread_mutex_t mutex;
    struct entry *buckets[BUCKETS];
    struct entry *newest;
    struct entry *oldest;
    size_t count;
};

struct limiter {
    size_t keys_a_shard;
    uint64_t seed;
    struct shard shards[SHARDS];
};

struct limiter *limiter_create(size_t keys)
{
    struct limiter *limiter = memory_allocate(sizeof *limiter);
    limiter->keys_a_shard = keys / SHARDS + 1;
    limiter->seed = random_integer();
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&limiter->shards[i].mutex, NULL);
    return limiter;
}

void limiter_free(struct limiter *limiter)
{
    if (limiter == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        struct entry *entry = limiter->shards[i].newest;
        while (entry != NULL) {
            struct entry *older = entry->older;
            free(entry);
            entry = older;
        }
        pthread_mutex_destroy(&limiter->shards[i].mutex);
    }
    free(limiter);
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

/* The entry used longest ago, taken out to be used for another key. */
static struct entry *forget_oldest(struct shard *shard)
{
    struct entry *entry = shard->oldest;
    struct entry **place = chain_of(shard, entry->hash);
    while (*place != entry)
        place = &(*place)->chain;
    *place = entry->chain;
    unlink_use(shard, entry);
    return entry;
}

static struct entry *find_entry(const struct limiter *limiter, struct shard *shard,
                                const struct limit_key *key, uint64_t hash)
{
    struct entry **chain = chain_of(shard, hash);
    for (struct entry *entry = *chain; entry != NULL; entry = entry->chain) {
        if (memcmp(&entry->key, key, sizeof *key) != 0)
            continue;
        unlink_use(shard, entry);
        link_newest(shard, entry);
        return entry;
    }
    struct entry *entry;
    if (shard->count < limiter->keys_a_shard) {
        entry = memory_allocate(sizeof *entry);
        shard->count++;
    } else {
        entry = forget_oldest(shard);
    }
    *entry = (struct entry){.key = *key, .hash = hash, .chain = *chain};
    *chain = entry;
    link_newest(shard, entry);
    return entry;
}

/* Forgets what has left the window by the slice numbered `slice`. */
static void advance(struct entry *entry, int64_t slice)
{
    int64_t passed = slice - entry->slice;
    if (passed <= 0)
        return; /* another thread read the clock later and came first */
    if (passed > COUNTERS)
        passed = COUNTERS;
    for (int64_t i = 0; i < passed; i++) {
        uint32_t *counter = &entry->counters[(slice - i) % COUNTERS];
        entry->used -= *counter;
        *counter = 0;
    }
    entry->slice = slice;
}

/* How long until `needed` of those counted are forgotten. */
static int64_t time_until_free(const struct entry *entry, int64_t needed, int64_t width,
                               int64_t now)
{
    int64_t freed = 0;
    for (int64_t i = COUNTERS - 1; i >= 0; i--) {
        int64_t slice = entry->slice - i;
        if (slice < 0)
            continue;
        freed += entry->counters[slice % COUNTERS];
        if (freed >= needed)
            return (slice + COUNTERS) * width - now;
    }
    return width * LIMIT_SLICES;
}

struct limit_verdict limiter_take(struct limiter *limiter, const struct limit_key *key,
                                  const struct limit_rule *rule, int64_t now)
{
    uint64_t hash = text_hash((struct text){(const char *)key, sizeof *key}, limiter->seed);
    struct shard *shard = &limiter->shards[hash % SHARDS];
    int64_t width = rule->window / LIMIT_SLICES;
    pthread_mutex_lock(&shard->mutex);
    struct entry *entry = find_entry(limiter, shard, key, hash);
    advance(entry, now / width);
    struct limit_verdict verdict = {.limit = rule->limit, .allowed = entry->used < rule->limit};
    if (verdict.allowed) {
        entry->used++;
        entry->counters[entry->slice % COUNTERS]++;
    }
    verdict.remaining = rule->limit - entry->used;
    verdict.reset = time_until_free(entry, 1, width, now);
    pthread_mutex_unlock(&shard->mutex);
    return verdict;
}
