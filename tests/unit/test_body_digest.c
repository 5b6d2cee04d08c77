/*
 * test_body_digest.c: when two bodies are the same, and when not.
 */
#include "http/body_digest.h"

#include "http/multipart.h"
#include "support.h"

struct pieces {
    struct text body;
    size_t step; /* bytes that arrive at once */
};

static int read_pieces(void *context, void *buffer, size_t size)
{
    struct pieces *pieces = context;
    size_t count = pieces->body.length < pieces->step ? pieces->body.length : pieces->step;
    count = count < size ? count : size;
    memcpy(buffer, pieces->body.data, count);
    pieces->body = (struct text){pieces->body.data + count, pieces->body.length - count};
    return (int)count;
}

/* Of a form with the delimiter, whose parts are read or skipped; "" when it was not read whole. */
static struct text digest_form(struct arena *arena, const char *delimiter, const char *body,
                               size_t step, bool skip)
{
    struct body_digest *digest = arena_allocate(arena, sizeof *digest);
    struct multipart *form = arena_allocate(arena, sizeof *form);
    struct pieces pieces = {text_from(body), step};
    struct text type = arena_format(arena, "multipart/form-data; boundary=%s", delimiter);
    assert_int_equal(multipart_begin(form, arena, type, read_pieces, &pieces), 0);
    body_digest_init(digest, arena);
    form->digest = digest;
    struct multipart_part part;
    int more;
    char bytes[7];
    while ((more = multipart_next(form, &part)) > 0) {
        while (!skip && multipart_read(form, bytes, sizeof bytes) > 0)
            ;
    }
    assert_int_equal(digest->finished, more == 0);
    return digest->finished ? text_from(digest->text) : TEXT("");
}

#define PART(delimiter, header, bytes)                                                             \
    "--" delimiter "\r\nContent-Disposition: form-data; " header "\r\n\r\n" bytes "\r\n"

#define NOTE(delimiter)                                                                            \
    PART(delimiter, "name=about", "light")                                                         \
    PART(delimiter, "name=file; filename=\"a.txt\"", "some words\r\n--and more")                   \
    "--" delimiter "--\r\n"

TEST(a_form_is_the_same_with_another_delimiter_and_in_other_pieces)
{
    struct arena arena;
    arena_init(&arena);
    struct text expected = digest_form(&arena, "xyz", NOTE("xyz"), 1000, false);
    assert_int_equal(expected.length, 64);
    for (size_t step = 1; step < 100; step++) {
        for (int skip = 0; skip < 2; skip++) {
            struct text digest = digest_form(&arena, "other", NOTE("other"), step, skip != 0);
            assert_true(text_equal(digest, expected));
        }
    }
    const char *preamble = "hello\r\n" NOTE("xyz") "and an epilogue";
    assert_true(text_equal(digest_form(&arena, "xyz", preamble, 9, false), expected));
    arena_release(&arena);
}

TEST(forms_that_say_other_things_differ)
{
    static const char *const bodies[] = {
        NOTE("xyz"),
        "--xyz--",
        PART("xyz", "name=a", "bc") "--xyz--",
        PART("xyz", "name=ab", "c") "--xyz--",
        PART("xyz", "name=a; filename=\"\"", "bc") "--xyz--",
        PART("xyz", "name=a; filename=b", "c") "--xyz--",
        PART("xyz", "name=a", "") "--xyz--",
        PART("xyz", "name=a", "") PART("xyz", "name=a", "") "--xyz--",
        PART("xyz", "name=a", "b") PART("xyz", "name=a", "c") "--xyz--",
        PART("xyz", "name=a", "c") PART("xyz", "name=a", "b") "--xyz--",
        PART("xyz", "name=a", "b\r\n") "--xyz--",
    };
    enum { COUNT = sizeof bodies / sizeof bodies[0] };
    struct arena arena;
    arena_init(&arena);
    struct text digests[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        digests[i] = digest_form(&arena, "xyz", bodies[i], 1000, false);
        for (size_t j = 0; j < i; j++)
            assert_false(text_equal(digests[i], digests[j]));
    }
    arena_release(&arena);
}

TEST(a_form_that_is_cut_off_has_none)
{
    struct arena arena;
    arena_init(&arena);
    assert_int_equal(digest_form(&arena, "xyz", PART("xyz", "name=a", "b"), 1000, false).length, 0);
    arena_release(&arena);
}

static struct text digest_plain(struct arena *arena, const char *body, size_t step)
{
    struct body_digest *digest = arena_allocate(arena, sizeof *digest);
    body_digest_init(digest, arena);
    struct pieces pieces = {text_from(body), step};
    char bytes[64];
    int count;
    while ((count = read_pieces(&pieces, bytes, sizeof bytes)) > 0)
        body_digest_add(digest, bytes, (size_t)count);
    body_digest_finish(digest);
    return text_from(digest->text);
}

TEST(another_body_is_its_bytes)
{
    struct arena arena;
    arena_init(&arena);
    struct text expected = digest_plain(&arena, "title\nA\n", 100);
    assert_true(text_equal(digest_plain(&arena, "title\nA\n", 1), expected));
    assert_false(text_equal(digest_plain(&arena, "title\nB\n", 100), expected));
    assert_false(text_equal(digest_plain(&arena, "", 100), expected));
    arena_release(&arena);
}

UNIT_TESTS(cmocka_unit_test(a_form_is_the_same_with_another_delimiter_and_in_other_pieces),
           cmocka_unit_test(forms_that_say_other_things_differ),
           cmocka_unit_test(a_form_that_is_cut_off_has_none),
           cmocka_unit_test(another_body_is_its_bytes))
