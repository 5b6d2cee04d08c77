/*
 * test_buffer.c: bytes that grow up to a limit.
 */
#include "base/buffer.h"

#include <string.h>

#include "support.h"

TEST(grows_and_keeps_what_it_has)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 100000);
    for (int i = 0; i < 10000; i++)
        buffer_format(&buffer, "%04d,", i);
    assert_false(buffer_overflowed(&buffer));
    struct text text = buffer_text(&buffer);
    assert_int_equal(text.length, 50000);
    assert_memory_equal(text.data, "0000,0001,", 10);
    assert_memory_equal(text.data + 49995, "9999,", 5);
}

TEST(adds_texts_strings_characters_and_numbers)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 1000);
    buffer_add(&buffer, "<", 1);
    buffer_add_text(&buffer, TEXT("text"));
    buffer_add_text(&buffer, TEXT_NULL);
    buffer_add_char(&buffer, ' ');
    buffer_add_string(&buffer, "string ");
    buffer_add_integer(&buffer, 0);
    buffer_add_char(&buffer, ' ');
    buffer_add_integer(&buffer, INT64_MIN);
    buffer_add_char(&buffer, ' ');
    buffer_add_integer(&buffer, INT64_MAX);
    buffer_format(&buffer, " %s>", "end");
    assert_text(buffer_text(&buffer),
                "<text string 0 -9223372036854775808 9223372036854775807 end>");
}

TEST(is_an_empty_text_at_first)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 10);
    assert_text(buffer_text(&buffer), "");
    assert_false(buffer_overflowed(&buffer));
}

TEST(takes_exactly_its_limit)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 5);
    buffer_add_string(&buffer, "12345");
    assert_false(buffer_overflowed(&buffer));
    assert_text(buffer_text(&buffer), "12345");
    buffer_add_char(&buffer, '6');
    assert_true(buffer_overflowed(&buffer));
    assert_text(buffer_text(&buffer), "12345");
}

TEST(formats_up_to_exactly_its_limit)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 5);
    buffer_format(&buffer, "%s", "12345");
    assert_false(buffer_overflowed(&buffer));
    assert_text(buffer_text(&buffer), "12345");
}

TEST(drops_a_write_past_the_limit_whole_and_remembers)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 600);
    buffer_add_string(&buffer, "kept");
    char many[700];
    memset(many, 'x', sizeof many);
    buffer_add(&buffer, many, sizeof many);
    assert_text(buffer_text(&buffer), "kept");
    assert_true(buffer_overflowed(&buffer));
    buffer_add_string(&buffer, " too");
    assert_text(buffer_text(&buffer), "kept too");
    assert_true(buffer_overflowed(&buffer));
}

TEST(never_grows_over_storage_of_the_callers)
{
    char storage[8];
    memset(storage, '-', sizeof storage);
    struct buffer buffer;
    buffer_init_fixed(&buffer, storage, 5);
    buffer_add_string(&buffer, "1234");
    buffer_add_string(&buffer, "56");
    assert_true(buffer_overflowed(&buffer));
    buffer_add_char(&buffer, '5');
    assert_text(buffer_text(&buffer), "12345");
    assert_memory_equal(storage, "12345---", 8);
}

TEST(reserves_room_that_the_caller_fills)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 2000);
    buffer_add_string(&buffer, "ab");
    char *room = buffer_reserve(&buffer, 1000);
    assert_non_null(room);
    memset(room, 'c', 1000);
    assert_text(buffer_text(&buffer), "ab");
    buffer.length += 1000;
    assert_int_equal(buffer_text(&buffer).length, 1002);
    assert_null(buffer_reserve(&buffer, 999));
    assert_true(buffer_overflowed(&buffer));
    assert_non_null(buffer_reserve(&buffer, 998));
}

TEST(encodes_what_a_url_cannot_hold)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 64);
    buffer_add_encoded(&buffer, TEXT("azAZ09-._~ /?&=#%+\303\251\n"));
    assert_text(buffer_text(&buffer), "azAZ09-._~%20%2F%3F%26%3D%23%25%2B%C3%A9%0A");
}

TEST(refuses_absurd_sizes)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 100);
    buffer_add_char(&buffer, 'a');
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    assert_true(buffer_overflowed(&buffer));
}

UNIT_TESTS(cmocka_unit_test(grows_and_keeps_what_it_has),
           cmocka_unit_test(adds_texts_strings_characters_and_numbers),
           cmocka_unit_test(is_an_empty_text_at_first), cmocka_unit_test(takes_exactly_its_limit),
           cmocka_unit_test(formats_up_to_exactly_its_limit),
           cmocka_unit_test(drops_a_write_past_the_limit_whole_and_remembers),
           cmocka_unit_test(never_grows_over_storage_of_the_callers),
           cmocka_unit_test(reserves_room_that_the_caller_fills),
           cmocka_unit_test(encodes_what_a_url_cannot_hold), cmocka_unit_test(refuses_absurd_sizes))
