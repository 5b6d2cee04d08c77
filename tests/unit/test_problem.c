/*
 * test_problem.c: the list of what is wrong with an input.
 */
#include "schema/problem.h"

#include <string.h>

#include "support.h"

TEST(keeps_what_where_and_why)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct problems problems;
    problems_init(&problems, &arena);
    assert_int_equal(problems.count, 0);
    char field[] = "title";
    problem_add(&problems, text_from(field), "missing", TEXT("null"), "Field %s", "required");
    field[0] = 'x';
    problems.location = LOCATION_QUERY;
    problem_value(&problems, "page", "100% wrong");
    assert_int_equal(problems.count, 2);
    const struct problem *first = &problems.items[0];
    assert_int_equal(first->location, LOCATION_BODY);
    assert_text(first->field, "title");
    assert_string_equal(first->type, "missing");
    assert_text(first->message, "Field required");
    assert_text(first->input, "null");
    const struct problem *second = &problems.items[1];
    assert_int_equal(second->location, LOCATION_QUERY);
    assert_text(second->field, "page");
    assert_string_equal(second->type, "value_error");
    assert_text(second->message, "100% wrong");
    assert_null(second->input.data);
}

TEST(keeps_no_more_than_its_limit)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct problems problems;
    problems_init(&problems, &arena);
    for (int i = 0; i < 10 * PROBLEM_LIMIT; i++)
        problem_add(&problems, TEXT("field"), "type", TEXT_NULL, "%d", i);
    assert_int_equal(problems.count, PROBLEM_LIMIT);
    assert_text(problems.items[0].message, "0");
    assert_text(problems.items[PROBLEM_LIMIT - 1].message, "99");
}

TEST(echoes_a_text_as_json)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct problems problems;
    problems_init(&problems, &arena);
    assert_text(problem_input(&problems, TEXT("a\"b\n")), "\"a\\\"b\\n\"");
    assert_text(problem_input(&problems, TEXT("")), "\"\"");
    assert_text(problem_input(&problems, TEXT("\xFF")), "null");
}

TEST(shortens_a_long_text_between_characters)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct problems problems;
    problems_init(&problems, &arena);
    char many[4 * 5000];
    for (size_t at = 0; at < sizeof many; at += 4)
        memcpy(many + at, "\xF0\x9F\x98\x80", 4);
    struct text echo = problem_input(&problems, (struct text){many, sizeof many});
    assert_true(text_is_valid(echo));
    assert_true(echo.length > 100);
    assert_true(echo.length < 1000);
    memset(many, '\x01', sizeof many);
    echo = problem_input(&problems, (struct text){many, sizeof many});
    assert_true(echo.length < 8192);
}

UNIT_TESTS(cmocka_unit_test(keeps_what_where_and_why),
           cmocka_unit_test(keeps_no_more_than_its_limit), cmocka_unit_test(echoes_a_text_as_json),
           cmocka_unit_test(shortens_a_long_text_between_characters))
