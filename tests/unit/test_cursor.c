/*
 * test_cursor.c: cursors come back as they were sent, and nothing else is taken for one.
 */
#include "domain/cursor.h"

#include <string.h>

#include "base/error.h"
#include "support.h"

static bool is_base64url(struct text text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                   "-_";
    for (size_t i = 0; i < text.length; i++) {
        if (memchr(alphabet, text.data[i], sizeof alphabet - 1) == NULL)
            return false;
    }
    return text.length > 0;
}

static void check_round_trip(const struct cursor *cursor)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct text encoded = cursor_encode(&arena, cursor);
    assert_true(is_base64url(encoded));
    struct cursor decoded;
    assert_int_equal(cursor_decode(&arena, encoded, &decoded), 0);
    assert_int_equal(decoded.sort, cursor->sort);
    assert_int_equal(decoded.descending, cursor->descending);
    assert_int_equal(decoded.id, cursor->id);
    assert_int_equal(decoded.key.type, cursor->key.type);
    if (cursor->key.type == DB_INTEGER)
        assert_int_equal(decoded.key.integer, cursor->key.integer);
    else
        assert_true(text_equal(decoded.key.text, cursor->key.text));
}

TEST(comes_back_with_a_number_as_key)
{
    static const int64_t keys[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1748097300123456};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const struct cursor cursor = {3, i % 2 == 0, db_integer(keys[i]), INT64_MAX};
        check_round_trip(&cursor);
    }
}

TEST(comes_back_with_any_text_as_key)
{
    static const struct text keys[] = {
        BYTES(""),
        BYTES("a"),
        BYTES("\"quoted\" \\ [1]"),
        BYTES("h\xC3\xA9llo \xF0\x9F\x98\x80"),
        BYTES("tab\tline\nnul\0end"),
        BYTES("\x7F?>~\xC3\xBF\xC3\xBE"),
    };
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const struct cursor cursor = {0, true, db_text(keys[i]), 1};
        check_round_trip(&cursor);
    }
}

TEST(comes_back_with_a_long_key)
{
    char key[4 * 200];
    for (size_t at = 0; at < sizeof key; at += 4)
        memcpy(key + at, "\xF0\x9F\x98\x80", 4);
    for (size_t length = 0; length <= sizeof key; length += 4) {
        const struct cursor cursor = {1, false, db_text((struct text){key, length}), 5};
        check_round_trip(&cursor);
    }
    memset(key, '\x01', 200);
    const struct cursor cursor = {1, false, db_text((struct text){key, 200}), 5};
    check_round_trip(&cursor);
}

TEST(refuses_garbage)
{
    static const struct text rows[] = {
        BYTES(""),
        BYTES("x"),
        BYTES("garbage"),
        BYTES("===="),
        BYTES("WzEsdHJ1ZSwyLDNd="),  /* padded */
        BYTES("WzEsdHJ1ZSwyLDN+"),   /* the other alphabet */
        BYTES("WzEs dHJ1ZSwyLDNd"),  /* a space inside */
        BYTES("WzEsdHJ1ZSwyLDNd\0"), /* a NUL behind */
        BYTES("WzEsdHJ1ZSwyLDNd\xFF"),
        BYTES("W10"),                  /* [] */
        BYTES("e30"),                  /* {} */
        BYTES("MQ"),                   /* 1 */
        BYTES("WzEsdHJ1ZSwyXQ"),       /* [1,true,2] */
        BYTES("WzEsdHJ1ZSwyLDMsNF0"),  /* [1,true,2,3,4] */
        BYTES("WyIxIix0cnVlLDIsM10"),  /* ["1",true,2,3] */
        BYTES("WzEsdHJ1ZSxudWxsLDNd"), /* [1,true,null,3] */
        BYTES("WzEsdHJ1ZSxbXSwzXQ"),   /* [1,true,[],3] */
        BYTES("WzEsdHJ1ZSwyLCIzIl0"),  /* [1,true,2,"3"] */
        BYTES("WzEsdHJ1ZSwyLDMuNV0"),  /* [1,true,2,3.5] */
        BYTES("WzEsMCwyLDNd"),         /* [1,0,2,3] */
        BYTES("WzEsIngiLDIsM10"),      /* [1,"x",2,3] */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct cursor cursor;
        if (cursor_decode(&arena, rows[i], &cursor) != ERROR_INVALID)
            print_error("taken for a cursor: %.*s\n", TEXT_ARGUMENTS(rows[i]));
        assert_int_equal(cursor_decode(&arena, rows[i], &cursor), ERROR_INVALID);
    }
}

TEST(refuses_what_was_cut_or_changed)
{
    CLEANUP_ARENA struct arena arena = {0};
    const struct cursor sent = {2, true, db_text(TEXT("a key of some length")), 123456};
    struct text encoded = cursor_encode(&arena, &sent);
    struct cursor cursor;
    for (size_t length = 0; length < encoded.length; length++) {
        struct text cut = {encoded.data, length};
        assert_int_equal(cursor_decode(&arena, cut, &cursor), ERROR_INVALID);
    }
    struct text doubled =
        arena_format(&arena, "%.*s%.*s", TEXT_ARGUMENTS(encoded), TEXT_ARGUMENTS(encoded));
    assert_int_equal(cursor_decode(&arena, doubled, &cursor), ERROR_INVALID);
}

TEST(survives_random_bytes)
{
    struct dice dice = {31};
    for (int round = 0; round < 20000; round++) {
        CLEANUP_ARENA struct arena arena = {0};
        char bytes[40];
        size_t length = dice_below(&dice, sizeof bytes);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)dice_below(&dice, 256);
        struct cursor cursor;
        assert_int_equal(cursor_decode(&arena, (struct text){bytes, length}, &cursor),
                         ERROR_INVALID);
    }
}

TEST(refuses_what_is_far_too_long)
{
    CLEANUP_ARENA struct arena arena = {0};
    const size_t length = 1 << 20;
    char *many = arena_allocate(&arena, length);
    memset(many, 'A', length);
    struct cursor cursor;
    assert_int_equal(cursor_decode(&arena, (struct text){many, length}, &cursor), ERROR_INVALID);
}

UNIT_TESTS(cmocka_unit_test(comes_back_with_a_number_as_key),
           cmocka_unit_test(comes_back_with_any_text_as_key),
           cmocka_unit_test(comes_back_with_a_long_key), cmocka_unit_test(refuses_garbage),
           cmocka_unit_test(refuses_what_was_cut_or_changed),
           cmocka_unit_test(survives_random_bytes), cmocka_unit_test(refuses_what_is_far_too_long))
