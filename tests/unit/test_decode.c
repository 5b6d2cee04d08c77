/*
 * test_decode.c: JSON into a structure, with every mistake at once.
 */
#include "schema/decode.h"

#include <malloc.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "item.h"
#include "support.h"

struct decoding {
    struct arena arena;
    struct problems problems;
    struct item item;
    uint64_t present;
};

static void decoding_release(struct decoding *decoding)
{
    arena_release(&decoding->arena);
}

#define DECODING(name) __attribute__((cleanup(decoding_release))) struct decoding name = {0}

static int decode_body(struct decoding *decoding, const struct body *body, struct text json)
{
    const struct decode_context context = {0};
    problems_init(&decoding->problems, &decoding->arena);
    return decode_json(body, &context, json, &decoding->problems, &decoding->item,
                       &decoding->present);
}

static int update(struct decoding *decoding, const char *json)
{
    return decode_body(decoding, &item_update, text_from(json));
}

TEST(reads_each_type)
{
    DECODING(decoding);
    assert_int_equal(update(&decoding,
                            "{\"title\":\"  A \",\"note\":\"n\",\"rank\":100,\"done\":true,"
                            "\"level\":\"high\",\"due\":\"2024-02-29\","
                            "\"at\":\"1970-01-01T01:00:01+01:00\",\"tags\":[\"b\",\" a \"],"
                            "\"secret\":\"excited!\"}"),
                     0);
    const struct item *item = &decoding.item;
    assert_text(item->title, "A");
    assert_text(item->note, "n");
    assert_int_equal(item->rank, 100);
    assert_true(item->done);
    assert_int_equal(item->level, 2);
    assert_int_equal(item->due, 19782);
    assert_int_equal(item->at, 1000000);
    assert_text(item->tags, "[\"b\",\"a\"]");
    assert_text(item->secret, "excited!");
    uint64_t all = FIELD_BIT(ITEM_SECRET + 1) - 1;
    assert_int_equal(decoding.present, all & ~FIELD_BIT(ITEM_ID));
}

TEST(an_absent_field_keeps_its_value_and_an_unknown_one_is_passed_over)
{
    DECODING(decoding);
    decoding.item.rank = 7;
    decoding.item.title = TEXT("kept");
    assert_int_equal(update(&decoding, "{\"done\":true,\"id\":9,\"nobody\":{\"knows\":[1]}}"), 0);
    assert_int_equal(decoding.item.rank, 7);
    assert_int_equal(decoding.item.id, 0);
    assert_text(decoding.item.title, "kept");
    assert_int_equal(decoding.present, FIELD_BIT(ITEM_DONE));
}

TEST(null_is_a_value_where_it_is_allowed)
{
    DECODING(decoding);
    decoding.item.note = TEXT("old");
    assert_int_equal(update(&decoding, "{\"note\":null,\"rank\":null,\"due\":null,\"at\":null}"),
                     0);
    assert_null(decoding.item.note.data);
    assert_int_equal(decoding.item.rank, FIELD_INTEGER_NULL);
    assert_int_equal(decoding.item.due, FIELD_INTEGER_NULL);
    assert_int_equal(decoding.item.at, FIELD_INTEGER_NULL);
    assert_int_equal(decoding.present, FIELD_BIT(ITEM_NOTE) | FIELD_BIT(ITEM_RANK) |
                                           FIELD_BIT(ITEM_DUE) | FIELD_BIT(ITEM_AT));
}

TEST(hears_of_every_mistake_at_once)
{
    static const struct {
        const char *field;
        const char *type;
        const char *input; /* NULL: not echoed */
    } expected[] = {
        {"title", "missing", NULL},
        {"note", "string_type", "7"},
        {"rank", "less_than_equal", "101"},
        {"done", "bool_type", "1"},
        {"level", "enum", "\"urgent\""},
        {"due", "date_parsing", "\"2025-02-30\""},
        {"at", "datetime_parsing", "\"now\""},
        {"tags.1", "string_type", "{\"a\":1}"},
        {"tags.2", "string_too_long", "\"abcde\""},
        {"secret", "string_too_short", NULL},
    };
    DECODING(decoding);
    assert_int_equal(decode_body(&decoding, &item_create,
                                 TEXT("{\"note\":7,\"rank\":101,\"done\":1,\"level\":\"urgent\","
                                      "\"due\":\"2025-02-30\",\"at\":\"now\","
                                      "\"tags\":[\"a\",{\"a\":1},\"abcde\"],\"secret\":\"p!\"}")),
                     ERROR_INVALID);
    assert_int_equal(decoding.problems.count, COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        const struct problem *problem = &decoding.problems.items[i];
        assert_text(problem->field, expected[i].field);
        assert_string_equal(problem->type, expected[i].type);
        assert_int_equal(problem->location, LOCATION_BODY);
        if (expected[i].input == NULL)
            assert_null(problem->input.data);
        else
            assert_text(problem->input, expected[i].input);
    }
}

TEST(names_what_is_wrong_with_one_value)
{
    static const struct {
        const char *json;
        const char *field;
        const char *type;
        const char *input;
    } rows[] = {
        {"{\"title\":null}", "title", "string_type", "null"},
        {"{\"title\":[]}", "title", "string_type", "[]"},
        {"{\"title\":\"\"}", "title", "string_too_short", "\"\""},
        {"{\"title\":\"   \"}", "title", "string_too_short", "\"\""},
        {"{\"title\":\"a\\u0000b\"}", "title", "value_error", "\"a\\u0000b\""},
        {"{\"rank\":0}", "rank", "greater_than_equal", "0"},
        {"{\"rank\":-5}", "rank", "greater_than_equal", "-5"},
        {"{\"rank\":\"5\"}", "rank", "int_parsing", "\"5\""},
        {"{\"rank\":1.5}", "rank", "int_type", "1.5"},
        {"{\"rank\":true}", "rank", "int_type", "true"},
        {"{\"done\":\"yes\"}", "done", "bool_parsing", "\"yes\""},
        {"{\"done\":null}", "done", "bool_type", "null"},
        {"{\"level\":\"HIGH\"}", "level", "enum", "\"HIGH\""},
        {"{\"level\":5}", "level", "enum", "5"},
        {"{\"level\":null}", "level", "enum", "null"},
        {"{\"due\":20250101}", "due", "date_type", "20250101"},
        {"{\"due\":\"\"}", "due", "date_parsing", "\"\""},
        {"{\"due\":\"2025-01-01\\u0000\"}", "due", "date_parsing", "\"2025-01-01\\u0000\""},
        {"{\"tags\":\"a\"}", "tags", "list_type", "\"a\""},
        {"{\"tags\":null}", "tags", "list_type", "null"},
        {"{\"tags\":[\"\"]}", "tags.0", "string_too_short", "\"\""},
        {"{\"tags\":[\"a\\u0000\"]}", "tags.0", "value_error", "\"a\\u0000\""},
        {"{\"tags\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]}", "tags", "too_long", "null"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        DECODING(decoding);
        assert_int_equal(update(&decoding, rows[i].json), ERROR_INVALID);
        assert_int_equal(decoding.problems.count, 1);
        const struct problem *problem = &decoding.problems.items[0];
        assert_text(problem->field, rows[i].field);
        assert_string_equal(problem->type, rows[i].type);
        assert_text(problem->input, rows[i].input);
    }
}

TEST(words_its_problems_as_sentences)
{
    DECODING(decoding);
    update(&decoding, "{\"title\":\"\",\"level\":\"x\",\"rank\":1000}");
    assert_text(decoding.problems.items[0].message, "String should have at least 1 character");
    assert_text(decoding.problems.items[1].message, "Input should be less than or equal to 100");
    assert_text(decoding.problems.items[2].message, "Input should be 'low', 'medium' or 'high'");
}

TEST(counts_characters_not_bytes)
{
    DECODING(decoding);
    const char *ten =
        "{\"title\":\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"
        "\\u00e9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\"}";
    const char *eleven = "{\"title\":\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98"
                         "\x80\\u00e9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9z\"}";
    assert_int_equal(update(&decoding, ten), 0);
    assert_int_equal(text_count(decoding.item.title), TITLE_MAXIMUM);
    assert_int_equal(update(&decoding, eleven), ERROR_INVALID);
    assert_string_equal(decoding.problems.items[0].type, "string_too_long");
}

TEST(a_set_keeps_the_first_of_equal_texts)
{
    DECODING(decoding);
    assert_int_equal(
        update(&decoding, "{\"tags\":[\"b\",\"a\",\" b\",\"B\",\"a\",\"\xC3\xA9\",\"\\u00e9\"]}"),
        0);
    assert_text(decoding.item.tags, "[\"b\",\"a\",\"B\",\"\xC3\xA9\"]");
    assert_int_equal(update(&decoding, "{\"tags\":[]}"), 0);
    assert_text(decoding.item.tags, "[]");
}

TEST(a_set_counts_its_limit_after_the_repeated_are_gone)
{
    DECODING(decoding);
    assert_int_equal(
        update(&decoding, "{\"tags\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"a\",\"b\",\"c\"]}"), 0);
    assert_text(decoding.item.tags, "[\"a\",\"b\",\"c\",\"d\",\"e\"]");
}

static bool contains(struct text text, const char *part)
{
    return text.data != NULL && memmem(text.data, text.length, part, strlen(part)) != NULL;
}

TEST(never_echoes_a_secret)
{
    static const char *const rows[] = {
        "{\"title\":\"a\",\"secret\":\"hunter2\"}",
        "{\"title\":\"a\",\"secret\":\"hunter2hunter2hunter2hunter2\"}",
        "{\"title\":\"a\",\"secret\":\"hunter2hunter2\"}",
        "{\"title\":\"a\",\"secret\":\"hunter2\\u0000!\"}",
        "{\"title\":\"a\",\"secret\":[\"hunter2\"]}",
        "{\"title\":\"a\",\"secret\":{\"hunter2\":1}}",
        "{\"secret\":\"hunter2hunter!\"}",
        "[{\"title\":\"a\",\"secret\":\"hunter2hunter!\"}]",
        "{\"title\":\"a\",\"secret\":\"hunter2hunter!\"",
        "{\"title\":\"a\",\"secret\":\"hunter2hunter!\"}}",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        DECODING(decoding);
        assert_int_equal(decode_body(&decoding, &item_create, text_from(rows[i])), ERROR_INVALID);
        for (size_t j = 0; j < decoding.problems.count; j++) {
            assert_false(contains(decoding.problems.items[j].input, "hunter2"));
            assert_false(contains(decoding.problems.items[j].message, "hunter2"));
        }
    }
}

TEST(what_is_no_json_is_one_problem)
{
    static const struct text rows[] = {
        BYTES("{"),
        BYTES("{\"title\":\"a\"}}"),
        BYTES("{\"title\":\"a\",}"),
        BYTES("{'title':'a'}"),
        BYTES("{\"title\":\"a\",\"title\":\"b\"}"),
        BYTES("{\"title\":\"a\",\"titl\\u0065\":\"b\"}"),
        BYTES("{\"title\":\"\xFF\"}"),
        BYTES("{\"title\":\"\xED\xA0\x80\"}"),
        BYTES("{\"title\":\"\\ud800\"}"),
        BYTES("{\"title\":\"a\nb\"}"),
        BYTES("{\"title\":\"a\0b\"}"),
        BYTES("{\"title\":\"a\"}\0"),
        BYTES("{\"rank\":123456789012345678901234567890}"),
        BYTES("{\"rank\":1e999}"),
        BYTES("{\"rank\":01}"),
        BYTES("{\"rank\":NaN}"),
        BYTES("title"),
        BYTES("\xEF\xBB\xBF{}"),
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        DECODING(decoding);
        assert_int_equal(decode_body(&decoding, &item_update, rows[i]), ERROR_INVALID);
        assert_int_equal(decoding.problems.count, 1);
        assert_string_equal(decoding.problems.items[0].type, "json_invalid");
        assert_text(decoding.problems.items[0].field, "");
        assert_true(text_is_valid(decoding.problems.items[0].message));
    }
}

TEST(no_body_is_a_missing_one)
{
    static const char *const rows[] = {"", "   ", "\r\n"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        DECODING(decoding);
        assert_int_equal(update(&decoding, rows[i]), ERROR_INVALID);
        assert_int_equal(decoding.problems.count, 1);
        assert_string_equal(decoding.problems.items[0].type, "missing");
    }
}

TEST(json_that_is_no_object_is_refused)
{
    static const char *const rows[] = {"[]", "\"text\"", "7", "null", "true", "[{}]"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        DECODING(decoding);
        assert_int_equal(update(&decoding, rows[i]), ERROR_INVALID);
        assert_int_equal(decoding.problems.count, 1);
        assert_string_equal(decoding.problems.items[0].type, "model_attributes_type");
    }
}

/* {"x":[[...]]} with `depth` brackets in all. */
static struct text nested(struct arena *arena, size_t depth)
{
    size_t lists = depth - 1;
    char *json = arena_allocate(arena, 2 * lists + 16);
    size_t length = 0;
    memcpy(json, "{\"x\":", 5);
    length += 5;
    memset(json + length, '[', lists);
    memset(json + length + lists, ']', lists);
    length += 2 * lists;
    json[length++] = '}';
    return (struct text){json, length};
}

static const struct body tags_body = {.name = "Tags",
                                      .schema = &item_schema,
                                      .mode = DECODE_UPDATE,
                                      .fields = FIELD_BIT(ITEM_TAGS),
                                      .accepts_list = true};

TEST(a_list_stands_for_the_only_field_where_the_body_accepts_it)
{
    DECODING(decoding);
    assert_int_equal(decode_body(&decoding, &tags_body, TEXT("[\"b\",\" a \"]")), 0);
    assert_text(decoding.item.tags, "[\"b\",\"a\"]");
    assert_int_equal(decoding.present, FIELD_BIT(ITEM_TAGS));
    assert_int_equal(decode_body(&decoding, &tags_body, TEXT("{\"tags\":[\"c\"]}")), 0);
    assert_text(decoding.item.tags, "[\"c\"]");
    assert_int_equal(decode_body(&decoding, &tags_body, TEXT("[7]")), ERROR_INVALID);
    assert_int_equal(decode_body(&decoding, &tags_body, TEXT("\"b\"")), ERROR_INVALID);
}

TEST(nests_32_levels_and_no_more)
{
    static const struct {
        size_t depth;
        int error;
    } rows[] = {{2, 0}, {32, 0}, {33, ERROR_INVALID}, {500000, ERROR_INVALID}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        DECODING(decoding);
        assert_int_equal(
            decode_body(&decoding, &item_update, nested(&decoding.arena, rows[i].depth)),
            rows[i].error);
    }
    DECODING(decoding);
    assert_int_equal(update(&decoding, "{\"note\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ "
                                       "\\\\\\\" {{{{{{{{{{\"}"),
                     0);
}

/* Each of a mebibyte's mistakes must not leave its echo behind when nobody will hear of it. */
TEST(a_body_full_of_mistakes_costs_little_memory)
{
    static const char *const items[] = {"0,", "\"\",", "[],"};
    for (size_t i = 0; i < COUNT_OF(items); i++) {
        DECODING(decoding);
        const size_t size = 1 << 20;
        struct buffer buffer;
        buffer_init(&buffer, &decoding.arena, size + 16);
        buffer_add_string(&buffer, "{\"tags\":[");
        while (buffer.length < size - 16)
            buffer_add_string(&buffer, items[i]);
        buffer_add_string(&buffer, "0]}");
        struct mallinfo2 before = mallinfo2();
        assert_int_equal(decode_body(&decoding, &item_update, buffer_text(&buffer)), ERROR_INVALID);
        struct mallinfo2 after = mallinfo2();
        assert_int_equal(decoding.problems.count, PROBLEM_LIMIT);
        size_t used = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
        assert_true(used < 64 * size);
    }
}

static void check_note(const void *structure, uint64_t present,
                       const struct decode_context *context, struct problems *problems)
{
    const struct item *item = structure;
    if ((present & FIELD_BIT(ITEM_NOTE)) != 0 && text_is(item->note, "bad") && !context->admin)
        problem_value(problems, "note", "Must not be bad");
}

TEST(rules_between_fields_add_to_the_problems)
{
    const struct body body = {.schema = &item_schema, .mode = DECODE_UPDATE, .check = check_note};
    DECODING(decoding);
    assert_int_equal(decode_body(&decoding, &body, TEXT("{\"note\":\"bad\",\"rank\":0}")),
                     ERROR_INVALID);
    assert_int_equal(decoding.problems.count, 2);
    assert_text(decoding.problems.items[1].message, "Must not be bad");
    assert_int_equal(decode_body(&decoding, &body, TEXT("{\"note\":\"good\"}")), 0);
    assert_int_equal(decode_body(&decoding, &body, TEXT("{\"rank\":1}")), 0);
}

TEST(takes_the_bodys_fields_only_and_some_from_administrators_only)
{
    const struct body body = {.schema = &item_schema,
                              .mode = DECODE_UPDATE,
                              .fields = FIELD_BIT(ITEM_NOTE) | FIELD_BIT(ITEM_RANK),
                              .admin_fields = FIELD_BIT(ITEM_RANK)};
    assert_int_equal(body_fields(&body, false), FIELD_BIT(ITEM_NOTE));
    assert_int_equal(body_fields(&body, true), FIELD_BIT(ITEM_NOTE) | FIELD_BIT(ITEM_RANK));
    DECODING(decoding);
    const char *json = "{\"note\":\"n\",\"rank\":5,\"title\":\"t\"}";
    assert_int_equal(decode_body(&decoding, &body, text_from(json)), 0);
    assert_int_equal(decoding.present, FIELD_BIT(ITEM_NOTE));
    const struct decode_context admin = {.admin = true};
    assert_int_equal(decode_json(&body, &admin, text_from(json), &decoding.problems, &decoding.item,
                                 &decoding.present),
                     0);
    assert_int_equal(decoding.item.rank, 5);
    assert_null(decoding.item.title.data);
}

UNIT_TESTS(cmocka_unit_test(reads_each_type),
           cmocka_unit_test(an_absent_field_keeps_its_value_and_an_unknown_one_is_passed_over),
           cmocka_unit_test(null_is_a_value_where_it_is_allowed),
           cmocka_unit_test(hears_of_every_mistake_at_once),
           cmocka_unit_test(names_what_is_wrong_with_one_value),
           cmocka_unit_test(words_its_problems_as_sentences),
           cmocka_unit_test(counts_characters_not_bytes),
           cmocka_unit_test(a_set_keeps_the_first_of_equal_texts),
           cmocka_unit_test(a_set_counts_its_limit_after_the_repeated_are_gone),
           cmocka_unit_test(never_echoes_a_secret),
           cmocka_unit_test(what_is_no_json_is_one_problem),
           cmocka_unit_test(no_body_is_a_missing_one),
           cmocka_unit_test(json_that_is_no_object_is_refused),
           cmocka_unit_test(a_list_stands_for_the_only_field_where_the_body_accepts_it),
           cmocka_unit_test(nests_32_levels_and_no_more),
           cmocka_unit_test(a_body_full_of_mistakes_costs_little_memory),
           cmocka_unit_test(rules_between_fields_add_to_the_problems),
           cmocka_unit_test(takes_the_bodys_fields_only_and_some_from_administrators_only))
