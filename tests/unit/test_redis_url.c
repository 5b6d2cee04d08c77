/*
 * test_redis_url.c: what a REDIS_URL says, and which ones say nothing.
 */
#include "cache/redis_url.h"

#include "base/error.h"
#include "support.h"

TEST(a_host_is_enough)
{
    CLEANUP_ARENA struct arena arena;
    arena_init(&arena);
    struct redis_url url;
    assert_int_equal(redis_url_parse(&url, &arena, TEXT("redis://localhost")), 0);
    assert_text(url.host, "localhost");
    assert_int_equal(url.port, REDIS_PORT);
    assert_int_equal(url.database, 0);
    assert_null(url.user.data);
    assert_null(url.password.data);
}

TEST(everything_else_may_be_said)
{
    static const struct {
        const char *url;
        const char *user;
        const char *password;
        const char *host;
        int64_t port;
        int64_t database;
    } cases[] = {
        {"redis://:secret@h:7000/3", NULL, "secret", "h", 7000, 3},
        {"redis://anna:secret@h/", "anna", "secret", "h", REDIS_PORT, 0},
        {"redis://an%6ea:a%3Ab%40%2F%25@h", "anna", "a:b@/%", "h", REDIS_PORT, 0},
        {"redis://:a@b:c@10.0.0.1:1", NULL, "a@b:c", "10.0.0.1", 1, 0},
        {"redis://[::1]", NULL, NULL, "::1", REDIS_PORT, 0},
        {"redis://[fe80::1]:65535/15", NULL, NULL, "fe80::1", 65535, 15},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_ARENA struct arena arena;
        arena_init(&arena);
        struct redis_url url;
        assert_int_equal(redis_url_parse(&url, &arena, text_from(cases[i].url)), 0);
        assert_true(text_equal(url.user, text_from(cases[i].user)));
        assert_true(text_equal(url.password, text_from(cases[i].password)));
        assert_text(url.host, cases[i].host);
        assert_int_equal(url.port, cases[i].port);
        assert_int_equal(url.database, cases[i].database);
    }
}

TEST(what_is_no_url_is_refused_and_nothing_is_written)
{
    static const char *const urls[] = {
        "",
        "redis",
        "redis:/h",
        "rediss://h",
        "redis://",
        "redis:///1",
        "redis://:@h",
        "redis://name@h",
        "redis://name:@h",
        "redis://:%@h",
        "redis://:%4@h",
        "redis://:%4g@h",
        "redis://:%00@h",
        "redis://h:",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:1x",
        "redis://[::1",
        "redis://[::1]1",
        "redis://[]",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/1/2",
        "redis://h?db=1",
    };
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        CLEANUP_ARENA struct arena arena;
        arena_init(&arena);
        struct redis_url url = {.port = 77};
        assert_int_equal(redis_url_parse(&url, &arena, text_from(urls[i])), ERROR_INVALID);
        assert_int_equal(url.port, 77);
    }
}

UNIT_TESTS(cmocka_unit_test(a_host_is_enough), cmocka_unit_test(everything_else_may_be_said),
           cmocka_unit_test(what_is_no_url_is_refused_and_nothing_is_written))
