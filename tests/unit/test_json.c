/*
 * test_json.c: the JSON writer, read back by another library where that says more.
 */
#include "base/json.h"

#include <jansson.h>
#include <math.h>

#include "base/clock.h"
#include "support.h"

enum { LIMIT = 65536 };

struct writer {
    struct arena arena;
    struct buffer buffer;
    struct json json;
};

static void writer_init(struct writer *writer)
{
    arena_init(&writer->arena);
    buffer_init(&writer->buffer, &writer->arena, LIMIT);
    json_init(&writer->json, &writer->buffer);
}

static void writer_release(struct writer *writer)
{
    arena_release(&writer->arena);
}

#define WRITER(name)                                                                               \
    __attribute__((cleanup(writer_release))) struct writer name;                                   \
    writer_init(&name)

TEST(puts_commas_between_values_and_nowhere_else)
{
    WRITER(writer);
    struct json *json = &writer.json;
    json_begin_object(json);
    json_key(json, "empty");
    json_begin_object(json);
    json_end_object(json);
    json_key(json, "list");
    json_begin_array(json);
    json_put_integer(json, 1);
    json_begin_array(json);
    json_end_array(json);
    json_put_boolean(json, true);
    json_put_boolean(json, false);
    json_put_null(json);
    json_begin_object(json);
    json_key(json, "a");
    json_put_string(json, "b");
    json_key(json, "c");
    json_put_raw(json, TEXT("[0]"));
    json_end_object(json);
    json_end_array(json);
    json_key(json, "last");
    json_put_raw(json, TEXT_NULL);
    json_end_object(json);
    assert_text(buffer_text(&writer.buffer),
                "{\"empty\":{},\"list\":[1,[],true,false,null,{\"a\":\"b\",\"c\":[0]}],"
                "\"last\":null}");
}

TEST(escapes_what_a_string_must_not_hold)
{
    static const struct {
        struct text text;
        const char *expected;
    } rows[] = {
        {BYTES(""), "\"\""},
        {BYTES("plain"), "\"plain\""},
        {BYTES("\"\\"), "\"\\\"\\\\\""},
        {BYTES("a\b\f\n\r\tz"), "\"a\\b\\f\\n\\r\\tz\""},
        {BYTES("\0\x01\x1F"), "\"\\u0000\\u0001\\u001f\""},
        {BYTES("\x7F/"), "\"\x7F/\""},
        {BYTES("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        WRITER(writer);
        json_put_text(&writer.json, rows[i].text);
        assert_text(buffer_text(&writer.buffer), rows[i].expected);
    }
}

TEST(escapes_names_too)
{
    WRITER(writer);
    json_begin_object(&writer.json);
    json_key(&writer.json, "a\"b");
    json_put_integer(&writer.json, 1);
    json_end_object(&writer.json);
    assert_text(buffer_text(&writer.buffer), "{\"a\\\"b\":1}");
}

TEST(tells_null_from_an_empty_string)
{
    WRITER(writer);
    json_begin_array(&writer.json);
    json_put_text(&writer.json, TEXT_NULL);
    json_put_text(&writer.json, TEXT(""));
    json_put_string(&writer.json, NULL);
    json_end_array(&writer.json);
    assert_text(buffer_text(&writer.buffer), "[null,\"\",null]");
}

TEST(writes_integers_to_their_ends)
{
    WRITER(writer);
    json_begin_array(&writer.json);
    json_put_integer(&writer.json, INT64_MIN);
    json_put_integer(&writer.json, 0);
    json_put_integer(&writer.json, INT64_MAX);
    json_end_array(&writer.json);
    assert_text(buffer_text(&writer.buffer), "[-9223372036854775808,0,9223372036854775807]");
}

TEST(writes_reals_short_and_what_is_no_number_as_null)
{
    static const struct {
        double value;
        const char *expected;
    } rows[] = {
        {0.0, "0.0"},           {1.0, "1.0"},       {-2.5, "-2.5"},
        {0.1, "0.1"},           {100.0, "100.0"},   {1e6, "1000000.0"},
        {0.000001, "0.000001"}, {1.0000004, "1.0"}, {123.4567891, "123.456789"},
        {NAN, "null"},          {INFINITY, "null"}, {-INFINITY, "null"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        WRITER(writer);
        json_put_real(&writer.json, rows[i].value);
        assert_text(buffer_text(&writer.buffer), rows[i].expected);
    }
}

TEST(writes_any_real_as_a_number)
{
    static const double values[] = {1.7976931348623157e308, -1.7976931348623157e308, 5e-324, 1e22};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        WRITER(writer);
        json_put_real(&writer.json, values[i]);
        struct text text = buffer_text(&writer.buffer);
        json_t *value = json_loadb(text.data, text.length, JSON_DECODE_ANY, NULL);
        assert_true(json_is_real(value));
        assert_true(fabs(json_real_value(value) - values[i]) < 1e-6);
        json_decref(value);
    }
}

TEST(writes_dates_and_timestamps_as_strings)
{
    WRITER(writer);
    json_begin_array(&writer.json);
    json_put_date(&writer.json, 0);
    json_put_timestamp(&writer.json, CLOCK_SECOND + 2 * CLOCK_MILLISECOND);
    json_end_array(&writer.json);
    assert_text(buffer_text(&writer.buffer), "[\"1970-01-01\",\"1970-01-01T00:00:01.002Z\"]");
}

/* A string of random code points, control characters and quotes among them. */
static struct text random_text(struct dice *dice, char *storage, size_t code_points)
{
    size_t length = 0;
    for (size_t i = 0; i < code_points; i++) {
        uint64_t kind = dice_below(dice, 4);
        if (kind == 0) {
            storage[length++] = (char)dice_below(dice, 0x80);
        } else if (kind == 1) {
            storage[length++] = "\"\\/\n\x1F"[dice_below(dice, 5)];
        } else if (kind == 2) {
            storage[length++] = (char)(0xC2 + dice_below(dice, 0x1E));
            storage[length++] = (char)(0x80 + dice_below(dice, 0x40));
        } else {
            storage[length++] = (char)0xF1;
            for (int rest = 0; rest < 3; rest++)
                storage[length++] = (char)(0x80 + dice_below(dice, 0x40));
        }
    }
    return (struct text){storage, length};
}

TEST(any_text_comes_back_from_a_reader)
{
    struct dice dice = {5};
    char storage[4 * 60];
    for (int round = 0; round < 3000; round++) {
        WRITER(writer);
        struct text text = random_text(&dice, storage, dice_below(&dice, 60));
        json_put_text(&writer.json, text);
        struct text written = buffer_text(&writer.buffer);
        json_t *value =
            json_loadb(written.data, written.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_true(json_is_string(value));
        assert_int_equal(json_string_length(value), text.length);
        assert_memory_equal(json_string_value(value), text.data, text.length);
        json_decref(value);
    }
}

UNIT_TESTS(cmocka_unit_test(puts_commas_between_values_and_nowhere_else),
           cmocka_unit_test(escapes_what_a_string_must_not_hold),
           cmocka_unit_test(escapes_names_too), cmocka_unit_test(tells_null_from_an_empty_string),
           cmocka_unit_test(writes_integers_to_their_ends),
           cmocka_unit_test(writes_reals_short_and_what_is_no_number_as_null),
           cmocka_unit_test(writes_any_real_as_a_number),
           cmocka_unit_test(writes_dates_and_timestamps_as_strings),
           cmocka_unit_test(any_text_comes_back_from_a_reader))
