/*
 * test_address.c: addresses, networks, and who stands behind a chain of proxies.
 */
#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/error.h"
#include "support.h"

static struct address parse(const char *string)
{
    struct address address = {{0}};
    assert_int_equal(address_parse(text_from(string), &address), 0);
    return address;
}

static bool equal(struct address a, struct address b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

TEST(reads_addresses_of_both_families)
{
    const struct address ipv4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1}};
    const struct address ipv6 = {{0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    assert_true(equal(parse("192.0.2.1"), ipv4));
    assert_true(equal(parse("::ffff:192.0.2.1"), ipv4));
    assert_true(equal(parse("2001:db8::1"), ipv6));
    assert_true(equal(parse("2001:0DB8:0:0:0:0:0:1"), ipv6));
}

TEST(refuses_what_is_no_address)
{
    static const char *const rows[] = {
        "",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.4:80",
        "[::1]",
        "::g",
        "1::2::3",
        "localhost",
        "unknown",
        "01.2.3.4",
        "1.2.3.4/8",
        "fe80::1%eth0",
        "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:1:2:3:4:5:6:7:8:9:a",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address;
        assert_int_equal(address_parse(text_from(rows[i]), &address), ERROR_INVALID);
    }
}

TEST(takes_the_address_of_a_socket)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    inet_pton(AF_INET, "192.0.2.1", &ipv4.sin_addr);
    assert_true(equal(address_from_socket((struct sockaddr *)&ipv4), parse("192.0.2.1")));
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    inet_pton(AF_INET6, "2001:db8::7", &ipv6.sin6_addr);
    assert_true(equal(address_from_socket((struct sockaddr *)&ipv6), parse("2001:db8::7")));
    struct sockaddr local = {.sa_family = AF_UNIX};
    assert_true(equal(address_from_socket(&local), parse("::")));
}

static struct address_set *parse_set(struct arena *arena, const char *list)
{
    struct address_set *set = NULL;
    assert_int_equal(address_set_parse(arena, text_from(list), &set), 0);
    return set;
}

TEST(knows_which_addresses_a_network_has)
{
    static const struct {
        const char *list;
        const char *address;
        bool has;
    } rows[] = {
        {"", "127.0.0.1", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.1.2.3/8", "10.9.9.9", true},
        {"192.168.4.0/22", "192.168.7.255", true},
        {"192.168.4.0/22", "192.168.8.0", false},
        {"192.0.2.0/31", "192.0.2.1", true},
        {"192.0.2.0/31", "192.0.2.2", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1/128", "::1", true},
        {"10.0.0.1, 10.0.0.2 ,10.0.0.3,", "10.0.0.2", true},
        {"10.0.0.1", "::ffff:10.0.0.1", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct address address = parse(rows[i].address);
        assert_int_equal(address_set_has(parse_set(&arena, rows[i].list), &address), rows[i].has);
    }
}

TEST(refuses_what_is_no_list_of_networks)
{
    static const char *const rows[] = {
        "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/x",    "::1/129",
        "/8",          "proxy",       "10.0.0.1;", "10.0.0.1, bad", "10.0.0.0/8/8",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct address_set *set;
        assert_int_equal(address_set_parse(&arena, text_from(rows[i]), &set), ERROR_INVALID);
    }
}

TEST(believes_trusted_proxies_and_nobody_else)
{
    static const struct {
        const char *peer;
        const char *forwarded_for;
        const char *client;
    } rows[] = {
        /* a stranger may claim what it likes */
        {"203.0.113.9", "1.1.1.1", "203.0.113.9"},
        {"203.0.113.9", "10.0.0.1", "203.0.113.9"},
        /* a proxy names its client; what stands further left is only what that claimed */
        {"10.0.0.1", "203.0.113.9", "203.0.113.9"},
        {"10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"},
        {"10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"},
        {"10.0.0.1", "1.1.1.1,203.0.113.9,10.0.0.2,10.0.0.3", "203.0.113.9"},
        {"10.0.0.1", "  2001:db8::1  ", "2001:db8::1"},
        /* proxies all the way */
        {"10.0.0.1", "10.0.0.2", "10.0.0.2"},
        {"10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"},
        /* nothing, or nothing that can be read */
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "garbage", "10.0.0.1"},
        {"10.0.0.1", "1.1.1.1, garbage", "10.0.0.1"},
        {"10.0.0.1", "1.1.1.1, garbage, 10.0.0.2", "10.0.0.2"},
        {"10.0.0.1", "203.0.113.9,", "10.0.0.1"},
        {"10.0.0.1", ",", "10.0.0.1"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP_ARENA struct arena arena = {0};
        const struct address_set *trusted = parse_set(&arena, "10.0.0.0/24");
        struct address peer = parse(rows[i].peer);
        struct address client = address_of_client(&peer, text_from(rows[i].forwarded_for), trusted);
        assert_true(equal(client, parse(rows[i].client)));
    }
}

TEST(without_the_header_the_client_is_the_peer)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct address peer = parse("10.0.0.1");
    const struct address_set *trusted = parse_set(&arena, "10.0.0.1");
    assert_true(equal(address_of_client(&peer, TEXT_NULL, trusted), peer));
}

TEST(limits_see_one_subscriber)
{
    struct address ipv4 = parse("192.0.2.77");
    struct address ipv6 = parse("2001:db8:1:2:3:4:5:6");
    assert_true(equal(address_network(&ipv4), ipv4));
    assert_true(equal(address_network(&ipv6), parse("2001:db8:1:2::")));
}

UNIT_TESTS(cmocka_unit_test(reads_addresses_of_both_families),
           cmocka_unit_test(refuses_what_is_no_address),
           cmocka_unit_test(takes_the_address_of_a_socket),
           cmocka_unit_test(knows_which_addresses_a_network_has),
           cmocka_unit_test(refuses_what_is_no_list_of_networks),
           cmocka_unit_test(believes_trusted_proxies_and_nobody_else),
           cmocka_unit_test(without_the_header_the_client_is_the_peer),
           cmocka_unit_test(limits_see_one_subscriber))
