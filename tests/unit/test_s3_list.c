/*
 * test_s3_list.c: what S3 answers in XML.
 */
#include "blob/s3_list.h"

#include "support.h"

#define HEAD "<?xml version=\"1.0\"?><ListBucketResult><Name>files</Name>"
#define OBJECT(key, modified)                                                                      \
    "<Contents><Key>" key "</Key><LastModified>" modified                                          \
    "</LastModified><ETag>&quot;x&quot;</ETag><Owner><ID>7</ID></Owner></Contents>"

static const char two_objects[] =
    HEAD "<IsTruncated>false</IsTruncated>" OBJECT("a", "1970-01-01T00:00:01.000Z") "\n  " OBJECT(
        "b", "1970-01-01T00:00:02Z") "<CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes>"
                                     "</ListBucketResult>";

TEST(takes_one_object_after_the_other)
{
    struct text rest = text_from(two_objects);
    struct s3_object object;
    assert_true(s3_list_next(&rest, &object));
    assert_true(text_is(object.key, "a"));
    assert_int_equal(object.modified, 1000000);
    assert_true(s3_list_next(&rest, &object));
    assert_true(text_is(object.key, "b"));
    assert_int_equal(object.modified, 2000000);
    assert_false(s3_list_next(&rest, &object));
}

TEST(what_is_cut_off_is_not_there)
{
    for (size_t length = 0; length < sizeof two_objects - 1; length++) {
        struct text rest = {two_objects, length};
        struct s3_object object;
        size_t count = 0;
        while (s3_list_next(&rest, &object))
            count++;
        assert_true(count <= 2);
        assert_true(count < 2 || length > 200);
    }
}

TEST(an_object_without_a_time_is_young)
{
    static const char *const lists[] = {OBJECT("a", "yesterday"), OBJECT("a", ""),
                                        "<Contents><Key>a</Key></Contents>"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct text rest = text_from(lists[i]);
        struct s3_object object;
        assert_true(s3_list_next(&rest, &object));
        assert_true(object.modified == INT64_MAX);
    }
    struct text rest = TEXT("<Contents></Contents>");
    struct s3_object object;
    assert_true(s3_list_next(&rest, &object));
    assert_int_equal(object.key.length, 0);
}

TEST(an_element_is_not_taken_from_the_next_object)
{
    struct text rest =
        text_from("<Contents><Key>a</Key></Contents>" OBJECT("b", "1970-01-01T00:00:02Z"));
    struct s3_object object;
    assert_true(s3_list_next(&rest, &object));
    assert_true(object.modified == INT64_MAX);
}

TEST(the_token_is_decoded_and_encoded_for_a_url)
{
    static const struct {
        const char *body;
        const char *token;
    } cases[] = {
        {HEAD "<IsTruncated>false</IsTruncated>", NULL},
        {HEAD "<IsTruncated>false</IsTruncated><NextContinuationToken>a</NextContinuationToken>",
         NULL},
        {HEAD "<IsTruncated>true</IsTruncated>", NULL},
        {HEAD "<IsTruncated>true</IsTruncated><NextContinuationToken></NextContinuationToken>",
         NULL},
        {HEAD "<NextContinuationToken>aB3-_.~</NextContinuationToken>"
              "<IsTruncated>true</IsTruncated>",
         "aB3-_.~"},
        {HEAD "<ContinuationToken>old</ContinuationToken><IsTruncated>true</IsTruncated>"
              "<NextContinuationToken>1/+= &amp;&lt;&#43;&unknown;</NextContinuationToken>",
         "1%2F%2B%3D%20%26%3C%2B%26unknown%3B"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena;
        arena_init(&arena);
        struct text token = s3_list_token(&arena, text_from(cases[i].body));
        assert_int_equal(token.data == NULL, cases[i].token == NULL);
        assert_true(cases[i].token == NULL || text_is(token, cases[i].token));
        arena_release(&arena);
    }
}

TEST(the_code_of_an_error_is_letters_and_digits)
{
    assert_true(text_is(s3_error_code(TEXT("<Error><Code>NoSuchKey</Code><Key>a</Key></Error>")),
                        "NoSuchKey"));
    assert_int_equal(s3_error_code(TEXT("")).length, 0);
    assert_int_equal(s3_error_code(TEXT("<html>Bad gateway</html>")).length, 0);
    assert_int_equal(s3_error_code(TEXT("<Code>a\nlevel=ERROR</Code>")).length, 0);
}

UNIT_TESTS(cmocka_unit_test(takes_one_object_after_the_other),
           cmocka_unit_test(what_is_cut_off_is_not_there),
           cmocka_unit_test(an_object_without_a_time_is_young),
           cmocka_unit_test(an_element_is_not_taken_from_the_next_object),
           cmocka_unit_test(the_token_is_decoded_and_encoded_for_a_url),
           cmocka_unit_test(the_code_of_an_error_is_letters_and_digits))
