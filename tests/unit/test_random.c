/*
 * test_random.c: random bytes and identifiers.
 */
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { DRAWN = 20000 };

static int compare_identifiers(const void *a, const void *b)
{
    return memcmp(a, b, UUID_SIZE);
}

TEST(identifiers_are_uuids_of_version_4)
{
    for (int i = 0; i < 1000; i++) {
        char uuid[UUID_SIZE];
        uuid_format(uuid);
        assert_int_equal(strlen(uuid), UUID_SIZE - 1);
        assert_int_equal(strspn(uuid, "0123456789abcdef-"), UUID_SIZE - 1);
        for (size_t at = 0; at < UUID_SIZE - 1; at++)
            assert_int_equal(uuid[at] == '-', at == 8 || at == 13 || at == 18 || at == 23);
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
    }
}

TEST(identifiers_do_not_repeat)
{
    static char drawn[DRAWN][UUID_SIZE];
    for (size_t i = 0; i < DRAWN; i++)
        uuid_format(drawn[i]);
    qsort(drawn, DRAWN, UUID_SIZE, compare_identifiers);
    for (size_t i = 1; i < DRAWN; i++)
        assert_memory_not_equal(drawn[i - 1], drawn[i], UUID_SIZE);
}

TEST(every_bit_takes_both_values)
{
    uint64_t ever_set = 0;
    uint64_t ever_clear = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t value = random_integer();
        ever_set |= value;
        ever_clear |= ~value;
    }
    assert_int_equal(ever_set, UINT64_MAX);
    assert_int_equal(ever_clear, UINT64_MAX);
}

TEST(fills_exactly_what_was_asked_for)
{
    static const size_t sizes[] = {0, 1, 7, 16, 255, 256, 257, 1023, 1024, 1025, 5000};
    static unsigned char bytes[5002];
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        bytes[0] = 0xA5;
        bytes[sizes[i] + 1] = 0x5A;
        bool last_changes = false;
        for (int again = 0; again < 100; again++) {
            bytes[sizes[i]] = sizes[i] == 0 ? 0xA5 : 0;
            random_bytes(bytes + 1, sizes[i]);
            last_changes = last_changes || (sizes[i] > 0 && bytes[sizes[i]] != 0);
        }
        assert_int_equal(bytes[0], 0xA5);
        assert_int_equal(bytes[sizes[i] + 1], 0x5A);
        assert_int_equal(last_changes, sizes[i] > 0);
    }
}

UNIT_TESTS(cmocka_unit_test(identifiers_are_uuids_of_version_4),
           cmocka_unit_test(identifiers_do_not_repeat),
           cmocka_unit_test(every_bit_takes_both_values),
           cmocka_unit_test(fills_exactly_what_was_asked_for))
