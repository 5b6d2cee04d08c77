/*
 * test_parameters.c: query strings and forms.
 */
#include "schema/parameters.h"

#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "item.h"
#include "support.h"

TEST(decodes_percent_sequences_and_leaves_what_is_none)
{
    static const struct {
        struct text encoded;
        bool plus;
        struct text decoded;
    } rows[] = {
        {BYTES("plain"), true, BYTES("plain")},
        {BYTES("a+b"), true, BYTES("a b")},
        {BYTES("a+b"), false, BYTES("a+b")},
        {BYTES("a%2Bb"), true, BYTES("a+b")},
        {BYTES("%41%6a%6A"), true, BYTES("Ajj")},
        {BYTES("%C3%A9"), true, BYTES("\xC3\xA9")},
        {BYTES("%00"), true, BYTES("\0")},
        {BYTES("%FF"), true, BYTES("\xFF")},
        {BYTES("%2525"), true, BYTES("%25")},
        {BYTES("%"), true, BYTES("%")},
        {BYTES("%4"), true, BYTES("%4")},
        {BYTES("%zz"), true, BYTES("%zz")},
        {BYTES("%4g%41"), true, BYTES("%4gA")},
        {BYTES("%%41"), true, BYTES("%A")},
        {BYTES(""), true, BYTES("")},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct text decoded = percent_decode(&arena, rows[i].encoded, rows[i].plus);
        assert_int_equal(decoded.length, rows[i].decoded.length);
        assert_memory_equal(decoded.data, rows[i].decoded.data, decoded.length);
    }
}

TEST(splits_pairs_at_their_first_equals_sign)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct parameters parameters;
    assert_int_equal(
        parameters_parse(&parameters, &arena, TEXT("a=1&b=x=y&&c&d=&%65=%26%3D&f+g=h+i&")), 0);
    assert_text(parameters_find(&parameters, "a"), "1");
    assert_text(parameters_find(&parameters, "b"), "x=y");
    assert_text(parameters_find(&parameters, "c"), "");
    assert_text(parameters_find(&parameters, "d"), "");
    assert_text(parameters_find(&parameters, "e"), "&=");
    assert_text(parameters_find(&parameters, "f g"), "h i");
    assert_null(parameters_find(&parameters, "A").data);
    assert_null(parameters_find(&parameters, "").data);
    assert_int_equal(parameters.count, 6);
}

TEST(the_last_of_repeated_names_counts)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct parameters parameters;
    assert_int_equal(parameters_parse(&parameters, &arena, TEXT("a=1&b=2&a=3")), 0);
    assert_text(parameters_find(&parameters, "a"), "3");
}

TEST(nothing_has_no_pairs)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct parameters parameters;
    assert_int_equal(parameters_parse(&parameters, &arena, TEXT_NULL), 0);
    assert_int_equal(parameters.count, 0);
    assert_int_equal(parameters_parse(&parameters, &arena, TEXT("")), 0);
    assert_int_equal(parameters.count, 0);
}

TEST(takes_as_many_pairs_as_its_limit)
{
    for (size_t count = PARAMETERS_LIMIT; count <= PARAMETERS_LIMIT + 1; count++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct buffer buffer;
        buffer_init(&buffer, &arena, 65536);
        for (size_t i = 0; i < count; i++)
            buffer_format(&buffer, "%sp%zu=%zu", i == 0 ? "" : "&", i, i);
        struct parameters parameters;
        int error = parameters_parse(&parameters, &arena, buffer_text(&buffer));
        assert_int_equal(error, count > PARAMETERS_LIMIT ? ERROR_TOO_LARGE : 0);
        if (error == 0)
            assert_text(parameters_find(&parameters, "p127"), "127");
    }
}

/* A query of every type that only queries have. */
struct query {
    struct text words;
    int64_t levels;
    int64_t since;
    int64_t until;
    int64_t limit;
    bool flag;
    int64_t due;
    int64_t needed;
};

static const char *const level_names[] = {"low", "medium", "high"};
static const struct enumeration levels = {level_names, 3};

#define AT(member) .offset = offsetof(struct query, member)
static const struct field query_fields[] = {
    {.name = "words", .type = FIELD_WORDS, AT(words), .maximum = 10},
    {.name = "levels", .type = FIELD_ENUM_SET, AT(levels), .values = &levels},
    {.name = "since", .type = FIELD_SINCE, AT(since)},
    {.name = "until", .type = FIELD_UNTIL, AT(until)},
    {.name = "limit", .type = FIELD_INTEGER, AT(limit), .minimum = 1, .maximum = 100},
    {.name = "flag", .type = FIELD_BOOLEAN, AT(flag)},
    {.name = "due", .type = FIELD_DATE, AT(due)},
};
static const struct schema query_schema = {SCHEMA_FIELDS(query_fields),
                                           .size = sizeof(struct query)};

static const struct field needed_fields[] = {
    {.name = "needed", .type = FIELD_INTEGER, .flags = FIELD_REQUIRED, AT(needed)},
};
static const struct schema needed_schema = {SCHEMA_FIELDS(needed_fields),
                                            .size = sizeof(struct query)};

struct decoding {
    struct arena arena;
    struct problems problems;
    struct query query;
    uint64_t present;
};

static void decoding_release(struct decoding *decoding)
{
    arena_release(&decoding->arena);
}

#define DECODING(name) __attribute__((cleanup(decoding_release))) struct decoding name = {0}

static int decode_query(struct decoding *decoding, const struct schema *schema, const char *query)
{
    struct parameters parameters;
    problems_init(&decoding->problems, &decoding->arena);
    assert_int_equal(parameters_parse(&parameters, &decoding->arena, text_from(query)), 0);
    return decode_parameters(schema, &parameters, LOCATION_QUERY, &decoding->problems,
                             &decoding->query, &decoding->present);
}

TEST(reads_each_type)
{
    DECODING(decoding);
    assert_int_equal(decode_query(&decoding, &query_schema,
                                  "words=a,b&levels=high,%20low&since=1970-01-02&until=1970-01-02&"
                                  "limit=%2B7&flag=Yes&due=1970-01-03&unknown=1"),
                     0);
    assert_text(decoding.query.words, "a,b");
    assert_int_equal(decoding.query.levels, 1 << 2 | 1 << 0);
    assert_int_equal(decoding.query.since, CLOCK_DAY);
    assert_int_equal(decoding.query.until, 2 * CLOCK_DAY - 1);
    assert_int_equal(decoding.query.limit, 7);
    assert_true(decoding.query.flag);
    assert_int_equal(decoding.query.due, 2);
    assert_int_equal(decoding.present, FIELD_BIT(7) - 1);
}

TEST(a_moment_is_taken_to_the_last_millisecond)
{
    DECODING(decoding);
    assert_int_equal(decode_query(&decoding, &query_schema,
                                  "since=1970-01-01T00:00:01Z&until=1970-01-01T00:00:01Z"),
                     0);
    assert_int_equal(decoding.query.since, CLOCK_SECOND);
    assert_int_equal(decoding.query.until, CLOCK_SECOND + CLOCK_MILLISECOND - 1);
    assert_int_equal(decoding.present, FIELD_BIT(2) | FIELD_BIT(3));
}

TEST(knows_the_words_for_true_and_false)
{
    static const struct {
        const char *query;
        bool value;
    } rows[] = {
        {"flag=true", true},   {"flag=1", true},  {"flag=on", true},   {"flag=YES", true},
        {"flag=false", false}, {"flag=0", false}, {"flag=Off", false}, {"flag=no", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        DECODING(decoding);
        decoding.query.flag = !rows[i].value;
        assert_int_equal(decode_query(&decoding, &query_schema, rows[i].query), 0);
        assert_int_equal(decoding.query.flag, rows[i].value);
    }
}

TEST(names_what_is_wrong_with_one_value)
{
    static const struct {
        const char *query;
        const char *type;
    } rows[] = {
        {"limit=0", "greater_than_equal"},
        {"limit=101", "less_than_equal"},
        {"limit=-1", "greater_than_equal"},
        {"limit=", "int_parsing"},
        {"limit=ten", "int_parsing"},
        {"limit=+7", "int_parsing"},
        {"limit=1.5", "int_parsing"},
        {"limit=7%00", "int_parsing"},
        {"limit=99999999999999999999", "int_parsing_size"},
        {"flag=maybe", "bool_parsing"},
        {"flag=", "bool_parsing"},
        {"levels=urgent", "enum"},
        {"levels=low,urgent", "enum"},
        {"levels=", "enum"},
        {"levels=low,,high", "enum"},
        {"since=yesterday", "datetime_parsing"},
        {"since=2025-02-30", "datetime_parsing"},
        {"until=", "datetime_parsing"},
        {"due=2025-02-30", "date_parsing"},
        {"words=12345678901", "string_too_long"},
        {"words=a%00b", "value_error"},
        {"words=%FF", "value_error"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        DECODING(decoding);
        assert_int_equal(decode_query(&decoding, &query_schema, rows[i].query), ERROR_INVALID);
        assert_int_equal(decoding.problems.count, 1);
        const struct problem *problem = &decoding.problems.items[0];
        assert_string_equal(problem->type, rows[i].type);
        assert_int_equal(problem->location, LOCATION_QUERY);
        assert_memory_equal(problem->field.data, rows[i].query, problem->field.length);
    }
}

TEST(hears_of_every_mistake_at_once)
{
    DECODING(decoding);
    assert_int_equal(decode_query(&decoding, &query_schema, "limit=x&flag=y&due=z"), ERROR_INVALID);
    assert_int_equal(decoding.problems.count, 3);
    assert_text(decoding.problems.items[0].input, "\"x\"");
}

TEST(a_required_parameter_must_be_there)
{
    DECODING(decoding);
    assert_int_equal(decode_query(&decoding, &needed_schema, "other=1"), ERROR_INVALID);
    assert_string_equal(decoding.problems.items[0].type, "missing");
    assert_text(decoding.problems.items[0].field, "needed");
    assert_int_equal(decode_query(&decoding, &needed_schema, "needed=5"), 0);
    assert_int_equal(decoding.query.needed, 5);
}

TEST(a_form_does_not_echo_secrets)
{
    DECODING(decoding);
    struct parameters parameters;
    struct item item;
    problems_init(&decoding.problems, &decoding.arena);
    assert_int_equal(parameters_parse(&parameters, &decoding.arena, TEXT("secret=hunter2&title=a")),
                     0);
    assert_int_equal(decode_parameters(&item_schema, &parameters, LOCATION_BODY, &decoding.problems,
                                       &item, &decoding.present),
                     ERROR_INVALID);
    assert_int_equal(decoding.problems.count, 1);
    assert_int_equal(decoding.problems.items[0].location, LOCATION_BODY);
    assert_null(decoding.problems.items[0].input.data);
}

UNIT_TESTS(cmocka_unit_test(decodes_percent_sequences_and_leaves_what_is_none),
           cmocka_unit_test(splits_pairs_at_their_first_equals_sign),
           cmocka_unit_test(the_last_of_repeated_names_counts),
           cmocka_unit_test(nothing_has_no_pairs),
           cmocka_unit_test(takes_as_many_pairs_as_its_limit), cmocka_unit_test(reads_each_type),
           cmocka_unit_test(a_moment_is_taken_to_the_last_millisecond),
           cmocka_unit_test(knows_the_words_for_true_and_false),
           cmocka_unit_test(names_what_is_wrong_with_one_value),
           cmocka_unit_test(hears_of_every_mistake_at_once),
           cmocka_unit_test(a_required_parameter_must_be_there),
           cmocka_unit_test(a_form_does_not_echo_secrets))
