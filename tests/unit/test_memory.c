/*
 * The cache: what is put is got, until its time is over or others need the room.
 */
#include "cache/memory.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "support.h"

enum { LIMIT = 1 << 20 };

static bool get(struct memory_cache *cache, const char *key, char *value, size_t size)
{
    struct arena arena;
    arena_init(&arena);
    struct text got;
    bool found = memory_cache_get(cache, &arena, text_from(key), &got);
    if (found)
        snprintf(value, size, "%.*s", TEXT_ARGUMENTS(got));
    arena_release(&arena);
    return found;
}

static void put(struct memory_cache *cache, const char *key, const char *value)
{
    memory_cache_put(cache, text_from(key), text_from(value), CLOCK_HOUR);
}

TEST(gives_what_was_put)
{
    struct memory_cache *cache = memory_cache_create(LIMIT);
    char value[16];
    assert_false(get(cache, "a", value, sizeof value));
    put(cache, "a", "one");
    put(cache, "b", "two");
    assert_true(get(cache, "a", value, sizeof value));
    assert_string_equal(value, "one");
    put(cache, "a", "three");
    assert_true(get(cache, "a", value, sizeof value));
    assert_string_equal(value, "three");
    memory_cache_free(cache);
}

TEST(keeps_an_empty_value)
{
    struct memory_cache *cache = memory_cache_create(LIMIT);
    char value[16] = "x";
    put(cache, "a", "");
    assert_true(get(cache, "a", value, sizeof value));
    assert_string_equal(value, "");
    memory_cache_free(cache);
}

TEST(forgets_what_has_had_its_time)
{
    struct memory_cache *cache = memory_cache_create(LIMIT);
    char value[16];
    memory_cache_put(cache, TEXT("a"), TEXT("one"), 0);
    assert_false(get(cache, "a", value, sizeof value));
    struct cache_statistics statistics;
    memory_cache_statistics(cache, &statistics);
    assert_int_equal(statistics.entries, 0);
    assert_int_equal(statistics.bytes, 0);
    assert_int_equal(statistics.misses, 1);
    memory_cache_free(cache);
}

TEST(stays_within_its_limit)
{
    struct memory_cache *cache = memory_cache_create(LIMIT);
    char value[512];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    for (int i = 0; i < 20000; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        put(cache, key, value);
    }
    struct cache_statistics statistics;
    memory_cache_statistics(cache, &statistics);
    assert_in_range(statistics.bytes, LIMIT / 2, LIMIT);
    assert_true(get(cache, "19999", value, sizeof value));
    assert_false(get(cache, "0", value, sizeof value));
    memory_cache_free(cache);
}

TEST(does_not_keep_what_is_larger_than_it_may_be)
{
    static char large[LIMIT];
    memset(large, 'x', sizeof large - 1);
    struct memory_cache *cache = memory_cache_create(LIMIT);
    char value[16];
    put(cache, "a", "small");
    put(cache, "b", large);
    assert_false(get(cache, "b", value, sizeof value));
    assert_true(get(cache, "a", value, sizeof value));
    memory_cache_free(cache);
}

static void *use(void *argument)
{
    struct memory_cache *cache = argument;
    for (int i = 0; i < 20000; i++) {
        char key[16];
        char value[16];
        snprintf(key, sizeof key, "%d", i % 300);
        if (get(cache, key, value, sizeof value))
            assert_string_equal(value, key);
        else
            put(cache, key, key);
    }
    return NULL;
}

TEST(serves_several_threads)
{
    enum { THREADS = 4 };
    struct memory_cache *cache = memory_cache_create(LIMIT / 64);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use, cache), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    memory_cache_free(cache);
}

UNIT_TESTS(cmocka_unit_test(gives_what_was_put), cmocka_unit_test(keeps_an_empty_value),
           cmocka_unit_test(forgets_what_has_had_its_time),
           cmocka_unit_test(stays_within_its_limit),
           cmocka_unit_test(does_not_keep_what_is_larger_than_it_may_be),
           cmocka_unit_test(serves_several_threads))
