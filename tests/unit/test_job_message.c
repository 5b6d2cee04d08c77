/*
 * test_job_message.c: what goes through the broker, and what comes from others.
 */
#include "domain/job_message.h"

#include "base/error.h"
#include "schema/field.h"
#include "support.h"

#define ID "00000000-0000-4000-8000-000000000000"

TEST(reads_what_it_writes)
{
    CLEANUP_ARENA struct arena arena = {0};
    const struct job_message message = {TEXT(ID), TEXT("reverse"), TEXT("a\"\n\xc3\xa9"), 3, 7};
    struct text body = job_message_write(&arena, &message);
    assert_text(body, "{\"id\":\"" ID "\",\"operation\":\"reverse\",\"data\":\"a\\\"\\n\xc3\xa9\","
                      "\"attempt\":3,\"fence\":7}");
    struct job_message read;
    assert_int_equal(job_message_read(&arena, body, &read), 0);
    assert_text(read.id, ID);
    assert_text(read.operation, "reverse");
    assert_int_equal(read.fence, 7);
}

TEST(the_fence_may_be_missing)
{
    CLEANUP_ARENA struct arena arena = {0};
    const char *const bodies[] = {
        "{\"id\":\"" ID "\",\"operation\":\"a\",\"more\":[1]}",
        "{\"id\":\"" ID "\",\"operation\":\"a\",\"fence\":null}",
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct job_message read;
        assert_int_equal(job_message_read(&arena, text_from(bodies[i]), &read), 0);
        assert_true(read.fence == FIELD_INTEGER_NULL);
    }
}

TEST(refuses_what_is_no_message)
{
    CLEANUP_ARENA struct arena arena = {0};
    const char *const bodies[] = {
        "",
        "{",
        "7",
        "[]",
        "{}",
        "{\"id\":7}",
        "{\"id\":\"" ID "\"}",
        "{\"id\":\"" ID "0\",\"operation\":\"a\"}",
        "{\"id\":\"0000000\\u0000-0000-4000-8000-000000000000\",\"operation\":\"a\"}",
        "{\"id\":\"" ID "\",\"operation\":7}",
        "{\"id\":\"" ID "\",\"operation\":\"a\",\"fence\":1.5}",
        "{\"id\":\"" ID "\",\"operation\":\"a\",\"operation\":\"a\"}",
    };
    struct job_message read;
    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        assert_int_equal(job_message_read(&arena, text_from(bodies[i]), &read), ERROR_INVALID);
}

TEST(an_answer_is_a_result_or_an_error)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct job_answer answer;
    assert_int_equal(job_answer_read(&arena, TEXT("{\"id\":\"" ID "\",\"result\":\"\"}"), &answer),
                     0);
    assert_text(answer.result, "");
    assert_null(answer.error.data);
    assert_int_equal(job_answer_read(&arena,
                                     TEXT("{\"id\":\"" ID "\",\"fence\":2,\"error\":\"no\","
                                          "\"result\":null,\"permanent\":true}"),
                                     &answer),
                     0);
    assert_text(answer.error, "no");
    assert_null(answer.result.data);
    assert_true(answer.permanent);
    assert_int_equal(answer.fence, 2);
    const char *const bodies[] = {
        "{\"id\":\"" ID "\"}",
        "{\"id\":\"" ID "\",\"result\":7}",
        "{\"id\":\"" ID "\",\"result\":\"a\",\"error\":\"b\"}",
        "{\"result\":\"a\"}",
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        assert_int_equal(job_answer_read(&arena, text_from(bodies[i]), &answer), ERROR_INVALID);
}

UNIT_TESTS(cmocka_unit_test(reads_what_it_writes), cmocka_unit_test(the_fence_may_be_missing),
           cmocka_unit_test(refuses_what_is_no_message),
           cmocka_unit_test(an_answer_is_a_result_or_an_error))
