/*
 * test_text.c: strings with a length.
 */
#include "base/text.h"

#include "base/error.h"
#include "support.h"

TEST(compares_bytes_and_tells_null_from_empty)
{
    assert_true(text_is(TEXT("abc"), "abc"));
    assert_false(text_is(TEXT("abc"), "abd"));
    assert_false(text_is(TEXT("abc"), "ab"));
    assert_false(text_is(TEXT("a\0b"), "a"));
    assert_null(text_from(NULL).data);
    assert_non_null(text_from("").data);
}

TEST(tells_how_a_text_starts)
{
    assert_true(text_starts_with(TEXT("abc"), TEXT("ab")));
    assert_true(text_starts_with(TEXT("abc"), TEXT("")));
    assert_true(text_starts_with(TEXT_NULL, TEXT("")));
    assert_false(text_starts_with(TEXT("ab"), TEXT("abc")));
    assert_false(text_starts_with(TEXT("xbc"), TEXT("ab")));
}

TEST(ignores_the_case_of_ascii_letters_only)
{
    assert_true(text_equal_ignoring_case(TEXT("If-Match"), TEXT("iF-mATCH")));
    assert_false(text_equal_ignoring_case(TEXT("a"), TEXT("ab")));
    assert_false(text_equal_ignoring_case(TEXT("@"), TEXT("`")));
    assert_false(text_equal_ignoring_case(TEXT("["), TEXT("{")));
    assert_false(text_equal_ignoring_case(TEXT("\xC3\x84"), TEXT("\xC3\xA4")));
}

TEST(lowers_ascii_letters_only)
{
    char all[128];
    char lower[sizeof all];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    text_lower_ascii((struct text){all, sizeof all}, lower);
    for (size_t i = 0; i < sizeof all; i++)
        assert_int_equal(lower[i], i >= 'A' && i <= 'Z' ? i + 32 : i);
}

TEST(tells_ascii_from_more)
{
    assert_true(text_is_ascii(TEXT_NULL));
    assert_true(text_is_ascii(TEXT("a text of more than eight bytes\x7F")));
    assert_false(text_is_ascii(TEXT("\x80")));
    assert_false(text_is_ascii(TEXT("seven: \xC3\xA4")));
    assert_false(text_is_ascii(TEXT("at the very end: \xC3\xA4")));
}

TEST(trims_ascii_white_space_at_both_ends)
{
    assert_text(text_trim(TEXT(" \t\r\n\v\fa b \n")), "a b");
    assert_text(text_trim(TEXT("a")), "a");
    assert_int_equal(text_trim(TEXT("   ")).length, 0);
    assert_int_equal(text_trim(TEXT_NULL).length, 0);
    assert_text(text_trim(TEXT("\xC2\xA0x")), "\xC2\xA0x");
}

TEST(splits_into_every_piece)
{
    static const struct {
        const char *text;
        const char *pieces[4];
    } rows[] = {
        {"a,b,c", {"a", "b", "c"}},
        {"a", {"a"}},
        {"", {""}},
        {",", {"", ""}},
        {",a", {"", "a"}},
        {"a,", {"a", ""}},
        {"a,,b", {"a", "", "b"}},
        {"a b,", {"a b", ""}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct text rest = text_from(rows[i].text);
        struct text piece;
        size_t count = 0;
        while (text_split(&rest, ',', &piece))
            assert_text(piece, rows[i].pieces[count++]);
        assert_null(rows[i].pieces[count]);
        assert_null(rest.data);
    }
    struct text nothing = TEXT_NULL;
    struct text piece;
    assert_false(text_split(&nothing, ',', &piece));
}

static const struct text well_formed[] = {
    BYTES(""),
    BYTES("plain ascii that is longer than a word"),
    BYTES("a\0b"),
    BYTES("\x7F"),
    BYTES("\xC2\x80"),             /* U+0080, the first of two bytes */
    BYTES("\xDF\xBF"),             /* U+07FF */
    BYTES("\xE0\xA0\x80"),         /* U+0800 */
    BYTES("\xED\x9F\xBF"),         /* U+D7FF, before the surrogates */
    BYTES("\xEE\x80\x80"),         /* U+E000, behind them */
    BYTES("\xEF\xBF\xBF"),         /* U+FFFF */
    BYTES("\xF0\x90\x80\x80"),     /* U+10000 */
    BYTES("\xF4\x8F\xBF\xBF"),     /* U+10FFFF, the last */
    BYTES("12345678\xE2\x82\xAC"), /* behind a word of ascii */
};

static const struct text malformed[] = {
    BYTES("\x80"),                 /* a continuation alone */
    BYTES("\xC2"),                 /* cut short */
    BYTES("\xE2\x82"),             /* cut short */
    BYTES("\xF0\x9F\x98"),         /* cut short */
    BYTES("\xC2x"),                /* no continuation */
    BYTES("\xC0\x80"),             /* overlong NUL */
    BYTES("\xC1\xBF"),             /* overlong U+007F */
    BYTES("\xE0\x9F\xBF"),         /* overlong U+07FF */
    BYTES("\xF0\x8F\xBF\xBF"),     /* overlong U+FFFF */
    BYTES("\xED\xA0\x80"),         /* surrogate U+D800 */
    BYTES("\xED\xBF\xBF"),         /* surrogate U+DFFF */
    BYTES("\xF4\x90\x80\x80"),     /* U+110000 */
    BYTES("\xF5\x80\x80\x80"),     /* no such start */
    BYTES("\xF8\x88\x80\x80\x80"), /* five bytes */
    BYTES("\xFF"),                 /* never a byte of UTF-8 */
    BYTES("12345678\xFF"),         /* behind a word of ascii */
    BYTES("1234567\xE2\x82"),      /* cut short across the word's end */
};

TEST(takes_well_formed_utf8_only)
{
    for (size_t i = 0; i < COUNT_OF(well_formed); i++)
        assert_true(text_is_valid(well_formed[i]));
    for (size_t i = 0; i < COUNT_OF(malformed); i++)
        assert_false(text_is_valid(malformed[i]));
    assert_true(text_is_valid(TEXT_NULL));
}

TEST(finds_a_nul_anywhere)
{
    assert_true(text_has_nul((struct text){"\0a", 2}));
    assert_true(text_has_nul((struct text){"a\0", 2}));
    assert_false(text_has_nul((struct text){"a\0", 1}));
    assert_false(text_has_nul(TEXT("")));
    assert_false(text_has_nul(TEXT_NULL));
}

TEST(counts_code_points)
{
    assert_int_equal(text_count(TEXT("")), 0);
    assert_int_equal(text_count(TEXT("ascii")), 5);
    assert_int_equal(text_count(TEXT("h\xC3\xA9llo")), 5);
    assert_int_equal(text_count(TEXT("\xF0\x9F\x98\x80\xE2\x82\xAC")), 2);
    assert_int_equal(text_count(TEXT("a\0b")), 3);
}

TEST(cuts_between_code_points)
{
    const struct text text = TEXT("a\xC3\xA9\xF0\x9F\x98\x80z");
    assert_text(text_prefix(text, 0), "");
    assert_text(text_prefix(text, 1), "a");
    assert_text(text_prefix(text, 2), "a\xC3\xA9");
    assert_text(text_prefix(text, 3), "a\xC3\xA9\xF0\x9F\x98\x80");
    assert_text(text_prefix(text, 4), text.data);
    assert_text(text_prefix(text, 100), text.data);
}

TEST(reads_whole_numbers_of_64_bits)
{
    static const struct {
        const char *text;
        int error;
        int64_t value;
    } rows[] = {
        {"0", 0, 0},
        {"-0", 0, 0},
        {"+7", 0, 7},
        {"007", 0, 7},
        {"9223372036854775807", 0, INT64_MAX},
        {"-9223372036854775808", 0, INT64_MIN},
        {"9223372036854775808", ERROR_TOO_LARGE, 0},
        {"-9223372036854775809", ERROR_TOO_LARGE, 0},
        {"99999999999999999999999999", ERROR_TOO_LARGE, 0},
        {"99999999999999999999999999x", ERROR_INVALID, 0},
        {"", ERROR_INVALID, 0},
        {"-", ERROR_INVALID, 0},
        {"+", ERROR_INVALID, 0},
        {"+-1", ERROR_INVALID, 0},
        {" 1", ERROR_INVALID, 0},
        {"1 ", ERROR_INVALID, 0},
        {"1.0", ERROR_INVALID, 0},
        {"0x10", ERROR_INVALID, 0},
        {"1e3", ERROR_INVALID, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t value = 42;
        assert_int_equal(text_parse_integer(text_from(rows[i].text), &value), rows[i].error);
        assert_int_equal(value, rows[i].error < 0 ? 42 : rows[i].value);
    }
    int64_t value;
    assert_int_equal(text_parse_integer(TEXT("1\0"), &value), ERROR_INVALID);
}

TEST(hashes_depend_on_every_byte_and_the_seed)
{
    assert_int_equal(text_hash(TEXT("task"), 1), text_hash(TEXT("task"), 1));
    assert_int_not_equal(text_hash(TEXT("task"), 1), text_hash(TEXT("task"), 2));
    char bytes[20] = {0};
    struct text text = {bytes, sizeof bytes};
    uint64_t before = text_hash(text, 1);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 1;
        assert_int_not_equal(text_hash(text, 1), before);
        bytes[i] = 0;
    }
    assert_int_not_equal(text_hash(TEXT("a\0"), 1), text_hash(TEXT("a"), 1));
}

UNIT_TESTS(cmocka_unit_test(compares_bytes_and_tells_null_from_empty),
           cmocka_unit_test(tells_how_a_text_starts),
           cmocka_unit_test(ignores_the_case_of_ascii_letters_only),
           cmocka_unit_test(lowers_ascii_letters_only), cmocka_unit_test(tells_ascii_from_more),
           cmocka_unit_test(trims_ascii_white_space_at_both_ends),
           cmocka_unit_test(splits_into_every_piece), cmocka_unit_test(takes_well_formed_utf8_only),
           cmocka_unit_test(finds_a_nul_anywhere), cmocka_unit_test(counts_code_points),
           cmocka_unit_test(cuts_between_code_points),
           cmocka_unit_test(reads_whole_numbers_of_64_bits),
           cmocka_unit_test(hashes_depend_on_every_byte_and_the_seed))
