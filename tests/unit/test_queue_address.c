/*
 * test_queue_address.c: where a broker is, from a URL.
 */
#include "queue/address.h"

#include "base/error.h"
#include "support.h"

struct parsing {
    struct arena arena;
    struct queue_address address;
    struct text message;
};

static int parse(struct parsing *parsing, const char *url)
{
    return queue_address_parse(&parsing->address, &parsing->arena, url, &parsing->message);
}

TEST(takes_every_part)
{
    struct parsing parsing = {0};
    assert_int_equal(parse(&parsing, " amqp://me:p%40ss%2Fword@broker.example:5673/my%2Fhost?"
                                     "heartbeat=7&cacertfile=/a&certfile=/b&keyfile=/c "),
                     0);
    const struct queue_address *address = &parsing.address;
    assert_string_equal(address->user, "me");
    assert_string_equal(address->password, "p@ss/word");
    assert_string_equal(address->host, "broker.example");
    assert_string_equal(address->virtual_host, "my/host");
    assert_int_equal(address->port, 5673);
    assert_int_equal(address->heartbeat, 7);
    assert_string_equal(address->authorities, "/a");
    assert_string_equal(address->certificate, "/b");
    assert_string_equal(address->key, "/c");
    assert_false(address->tls);
    assert_string_equal(address->shown, "amqp://me:***@broker.example:5673/my/host");
    arena_release(&parsing.arena);
}

TEST(fills_in_what_is_missing)
{
    struct parsing parsing = {0};
    const char *const urls[] = {"amqps://h", "amqps://h/", "amqps://h:5671/%2F", "amqps://h?"};
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        assert_int_equal(parse(&parsing, urls[i]), 0);
        assert_string_equal(parsing.address.user, "guest");
        assert_string_equal(parsing.address.virtual_host, "/");
        assert_int_equal(parsing.address.port, 5671);
        assert_int_equal(parsing.address.heartbeat, 30);
        assert_null(parsing.address.certificate);
        assert_true(parsing.address.tls);
        assert_string_equal(parsing.address.shown, "amqps://guest:***@h:5671/");
    }
    assert_int_equal(parse(&parsing, "amqp://h"), 0);
    assert_int_equal(parsing.address.port, 5672);
    arena_release(&parsing.arena);
}

TEST(repeats_nothing_of_what_it_refuses)
{
    struct parsing parsing = {0};
    const char *const urls[] = {
        "",
        "amqp:",
        "http://u:secret@h/",
        "amqp://u:secret@h:port/",
        "amqp://u:secret@h:0/",
        "amqp://u:secret@h:65536/",
        "amqp://u:secret@h/%zz",
        "amqp://u:secret@h/v/w",
        "amqp://u:secret@h/v?heartbeat",
        "amqp://u:secret@h/v?heartbeat=0",
        "amqp://u:secret@h/v?heartbeat=secret",
        "amqp://u:secret@h/v?heartbeat=3601",
        "amqp://u:secret@h/v?certfile=",
        "amqp://u:secret@h/v?secret=1",
    };
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        assert_int_equal(parse(&parsing, urls[i]), ERROR_INVALID);
        assert_null(memmem(parsing.message.data, parsing.message.length, "secret", 6));
    }
    arena_release(&parsing.arena);
}

UNIT_TESTS(cmocka_unit_test(takes_every_part), cmocka_unit_test(fills_in_what_is_missing),
           cmocka_unit_test(repeats_nothing_of_what_it_refuses))
