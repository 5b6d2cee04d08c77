/*
 * test_surface.c: one error in the words of each surface.
 */
#include "http/surface.h"

#include "support.h"

struct answer {
    struct arena arena;
    struct problems problems;
    struct error_answer error;
};

static void answer_release(struct answer *answer)
{
    arena_release(&answer->arena);
}

#define ANSWER(name, code)                                                                         \
    __attribute__((cleanup(answer_release))) struct answer name = {                                \
        .error = {.status = (code), .message = TEXT("Message"), .request_id = TEXT("r-1")}};       \
    problems_init(&name.problems, &name.arena)

static struct text written(struct answer *answer, enum surface surface)
{
    struct buffer buffer;
    struct json json;
    buffer_init(&buffer, &answer->arena, 65536);
    json_init(&json, &buffer);
    surface_write_error(surface, &answer->error, &json);
    return buffer_text(&buffer);
}

static void add_two_problems(struct answer *answer)
{
    struct problems *problems = &answer->problems;
    problem_add(problems, TEXT("tags.3"), "string_type", TEXT("7"), "Not a string");
    problems->location = LOCATION_QUERY;
    problem_add(problems, TEXT("limit"), "int_parsing", TEXT_NULL, "Not \"%s\"", "so");
    answer->error.problems = problems;
}

TEST(v1_always_has_code_message_request_and_details)
{
    ANSWER(answer, 404);
    assert_text(written(&answer, SURFACE_V1),
                "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"Message\","
                "\"request_id\":\"r-1\",\"details\":[]}}");
    answer.error.status = 400;
    add_two_problems(&answer);
    assert_text(written(&answer, SURFACE_V1),
                "{\"error\":{\"code\":\"VALIDATION_ERROR\",\"message\":\"Message\","
                "\"request_id\":\"r-1\",\"details\":["
                "{\"field\":\"tags.3\",\"message\":\"Not a string\"},"
                "{\"field\":\"limit\",\"message\":\"Not \\\"so\\\"\"}]}}");
}

TEST(v1_calls_a_body_that_is_no_json_malformed)
{
    ANSWER(answer, 400);
    problem_add(&answer.problems, TEXT(""), "json_invalid", TEXT("{}"), "Broken");
    answer.error.problems = &answer.problems;
    assert_text(written(&answer, SURFACE_V1),
                "{\"error\":{\"code\":\"MALFORMED_BODY\",\"message\":\"Message\","
                "\"request_id\":\"r-1\",\"details\":[{\"field\":\"body\","
                "\"message\":\"Broken\"}]}}");
}

TEST(classic_lists_problems_as_pydantic_does)
{
    ANSWER(answer, 422);
    add_two_problems(&answer);
    assert_text(written(&answer, SURFACE_CLASSIC),
                "{\"detail\":[{\"type\":\"string_type\",\"loc\":[\"body\",\"tags\",3],"
                "\"msg\":\"Not a string\",\"input\":7},"
                "{\"type\":\"int_parsing\",\"loc\":[\"query\",\"limit\"],"
                "\"msg\":\"Not \\\"so\\\"\",\"input\":null}]}");
    answer.problems.count = 0;
    answer.problems.location = LOCATION_BODY;
    problem_add(&answer.problems, TEXT(""), "json_invalid", TEXT("{}"), "Broken");
    assert_text(written(&answer, SURFACE_CLASSIC),
                "{\"detail\":[{\"type\":\"json_invalid\",\"loc\":[\"body\"],"
                "\"msg\":\"Broken\",\"input\":{}}]}");
}

TEST(classic_has_a_plain_detail_otherwise)
{
    ANSWER(answer, 404);
    assert_text(written(&answer, SURFACE_CLASSIC), "{\"detail\":\"Message\"}");
}

TEST(flask_has_one_message_that_names_every_field)
{
    ANSWER(answer, 400);
    add_two_problems(&answer);
    assert_text(written(&answer, SURFACE_FLASK),
                "{\"error\":\"tags.3: Not a string; limit: Not \\\"so\\\"\"}");
    answer.problems.count = 0;
    problem_add(&answer.problems, TEXT(""), "json_invalid", TEXT("{}"), "Broken");
    assert_text(written(&answer, SURFACE_FLASK), "{\"error\":\"Broken\"}");
}

TEST(flask_calls_what_is_missing_a_message)
{
    ANSWER(answer, 404);
    assert_text(written(&answer, SURFACE_FLASK), "{\"message\":\"Message\"}");
    answer.error.status = 403;
    assert_text(written(&answer, SURFACE_FLASK), "{\"error\":\"Message\"}");
}

TEST(an_answer_may_have_one_more_member)
{
    ANSWER(answer, 412);
    answer.error.extra_name = "task";
    answer.error.extra = TEXT("{\"id\":7}");
    assert_text(written(&answer, SURFACE_CLASSIC), "{\"detail\":\"Message\",\"task\":{\"id\":7}}");
}

TEST(a_status_has_a_code_and_a_phrase)
{
    static const struct {
        int status;
        const char *code;
        const char *phrase;
    } rows[] = {
        {400, "VALIDATION_ERROR", "Bad Request"},
        {401, "UNAUTHORIZED", "Unauthorized"},
        {403, "FORBIDDEN", "Forbidden"},
        {404, "NOT_FOUND", "Not Found"},
        {405, "METHOD_NOT_ALLOWED", "Method Not Allowed"},
        {409, "CONFLICT", "Conflict"},
        {412, "PRECONDITION_FAILED", "Precondition Failed"},
        {413, "PAYLOAD_TOO_LARGE", "Content Too Large"},
        {415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type"},
        {429, "RATE_LIMIT_EXCEEDED", "Too Many Requests"},
        {431, "HEADERS_TOO_LARGE", "Request Header Fields Too Large"},
        {500, "INTERNAL_ERROR", "Internal Server Error"},
        {502, "BAD_GATEWAY", "Bad Gateway"},
        {503, "SERVICE_UNAVAILABLE", "Service Unavailable"},
        {504, "GATEWAY_TIMEOUT", "Gateway Timeout"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ANSWER(answer, rows[i].status);
        struct text expected = arena_format(
            &answer.arena,
            "{\"error\":{\"code\":\"%s\",\"message\":\"Message\",\"request_id\":\"r-1\","
            "\"details\":[]}}",
            rows[i].code);
        assert_text(written(&answer, SURFACE_V1), expected.data);
        assert_string_equal(status_phrase(rows[i].status), rows[i].phrase);
    }
}

TEST(an_unknown_path_is_answered_in_the_words_around_it)
{
    static const struct {
        const char *path;
        enum surface surface;
    } rows[] = {
        {"/api/v1", SURFACE_V1},
        {"/api/v1/nothing", SURFACE_V1},
        {"/api/v10", SURFACE_FLASK},
        {"/api/tasks", SURFACE_FLASK},
        {"/api", SURFACE_FLASK},
        {"/apis", SURFACE_CLASSIC},
        {"/health/x", SURFACE_SYSTEM},
        {"/async/jobs", SURFACE_SYSTEM},
        {"/metrics/x", SURFACE_SYSTEM},
        {"/openapi.json", SURFACE_SYSTEM},
        {"/healthy", SURFACE_CLASSIC},
        {"/nothing", SURFACE_CLASSIC},
        {"/", SURFACE_CLASSIC},
        {"", SURFACE_CLASSIC},
        {"/tasks/api/v1", SURFACE_CLASSIC},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(surface_of_path(text_from(rows[i].path)), rows[i].surface);
    assert_int_equal(surface_invalid_status(SURFACE_V1), 400);
    assert_int_equal(surface_invalid_status(SURFACE_CLASSIC), 422);
}

UNIT_TESTS(cmocka_unit_test(v1_always_has_code_message_request_and_details),
           cmocka_unit_test(v1_calls_a_body_that_is_no_json_malformed),
           cmocka_unit_test(classic_lists_problems_as_pydantic_does),
           cmocka_unit_test(classic_has_a_plain_detail_otherwise),
           cmocka_unit_test(flask_has_one_message_that_names_every_field),
           cmocka_unit_test(flask_calls_what_is_missing_a_message),
           cmocka_unit_test(an_answer_may_have_one_more_member),
           cmocka_unit_test(a_status_has_a_code_and_a_phrase),
           cmocka_unit_test(an_unknown_path_is_answered_in_the_words_around_it))
