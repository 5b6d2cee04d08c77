/*
 * test_multipart.c: form bodies, however they arrive, and what is wrong with them.
 */
#include "http/multipart.h"

#include "base/buffer.h"
#include "base/error.h"
#include "support.h"

/* A body that arrives in two pieces: what is before `split`, and the rest. */
struct pieces {
    struct text body;
    size_t split;
    size_t taken;
};

static int read_pieces(void *context, void *buffer, size_t size)
{
    struct pieces *pieces = context;
    size_t left = pieces->body.length - pieces->taken;
    size_t count = pieces->taken < pieces->split ? pieces->split - pieces->taken : left;
    if (count > left)
        count = left;
    if (count > size)
        count = size;
    memcpy(buffer, pieces->body.data + pieces->taken, count);
    pieces->taken += count;
    return (int)count;
}

static const char form_type[] = "multipart/form-data; boundary=xyz";

/* Writes the parts as "name|filename|type|bytes\n" into `out`; returns what ended the reading. */
static int describe(struct arena *arena, const char *type, struct text body, size_t split,
                    size_t step, struct buffer *out)
{
    struct pieces pieces = {body, split, 0};
    struct multipart *form = arena_allocate(arena, sizeof *form);
    int error = multipart_begin(form, arena, text_from(type), read_pieces, &pieces);
    if (error < 0)
        return error;
    struct multipart_part part;
    while ((error = multipart_next(form, &part)) > 0) {
        buffer_format(out, "%.*s|%.*s|%.*s|", TEXT_ARGUMENTS(part.name),
                      TEXT_ARGUMENTS(part.filename), TEXT_ARGUMENTS(part.content_type));
        char bytes[64];
        int count;
        while ((count = multipart_read(form, bytes, step)) > 0)
            buffer_add(out, bytes, (size_t)count);
        if (count < 0)
            return count;
        buffer_add_char(out, '\n');
    }
    return error;
}

static int describe_whole(struct arena *arena, const char *body, struct buffer *out)
{
    buffer_init(out, arena, 65536);
    return describe(arena, form_type, text_from(body), 0, 64, out);
}

#define PART(header)                                                                               \
    "--xyz\r\nContent-Disposition: form-data; " header "\r\n\r\nbytes\r\n--xyz--\r\n"

TEST(reads_the_same_wherever_the_input_is_split)
{
    struct text body = TEXT("a preamble\r\n--xyz\r\n"
                            "Content-Disposition: form-data; name=\"note\"\r\n\r\n"
                            "\r\n--xy\r\n--xyw\r\r\n--x"
                            "\r\n--xyz \t\r\n"
                            "content-type: text/plain\r\n"
                            "Content-Disposition: form-data; name=file; filename=\"a.txt\"\r\n\r\n"
                            "\r\n--xyz--\r\nan epilogue");
    const char *expected = "note|||\r\n--xy\r\n--xyw\r\r\n--x\nfile|a.txt|text/plain|\n";
    for (size_t split = 0; split <= body.length; split++) {
        for (size_t step = 1; step <= 64; step += 63) {
            struct arena arena;
            arena_init(&arena);
            struct buffer out;
            buffer_init(&out, &arena, 65536);
            assert_int_equal(describe(&arena, form_type, body, split, step, &out), 0);
            assert_true(text_is(buffer_text(&out), expected));
            arena_release(&arena);
        }
    }
}

TEST(tells_names_in_all_their_forms)
{
    static const struct {
        const char *body;
        const char *expected;
    } cases[] = {
        {PART("name=\"f\"; filename=\"a \\\"b\\\" \\\\ c.txt\""), "f|a \"b\" \\ c.txt||bytes\n"},
        {PART("name=\"f\"; filename=\"a%22b%41.txt\""), "f|a\"b%41.txt||bytes\n"},
        {PART("name=\"f\"; filename=\"C:\\dir\\a.txt\""), "f|C:\\dir\\a.txt||bytes\n"},
        {PART("name=\"f\"; filename=\"a;b.txt\"; x=y"), "f|a;b.txt||bytes\n"},
        {PART("name=\"f\"; filename*=UTF-8''na%C3%AFve.txt; filename=\"n.txt\""),
         "f|na\xc3\xafve.txt||bytes\n"},
        {PART("name=\"f\"; filename=\"n.txt\"; filename*=latin1''%ff"), "f|n.txt||bytes\n"},
        {PART("NAME=f;filename=\"\""), "f|||bytes\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena;
        arena_init(&arena);
        struct buffer out;
        assert_int_equal(describe_whole(&arena, cases[i].body, &out), 0);
        assert_true(text_is(buffer_text(&out), cases[i].expected));
        arena_release(&arena);
    }
}

TEST(refuses_what_is_malformed)
{
    static const char *const bodies[] = {
        "",
        "nothing of the kind",
        "--xyz",
        "--xyz\r\n",
        "--xyz\r\n\r\nbytes\r\n--xyz--",
        "--xyzw\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--xyz--",
        "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\nbytes",
        "--xyz\r\nContent-Disposition: form-data; name=\"a\r\n\r\nbytes\r\n--xyz--",
        "--xyz\r\nContent-Disposition: attachment; name=a\r\n\r\nbytes\r\n--xyz--",
        "--xyz\r\nContent-Disposition\r\n\r\nbytes\r\n--xyz--",
        "--xyz\r\nContent-Disposition: form-data; filename=a\r\n\r\nbytes\r\n--xyz--",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct arena arena;
        arena_init(&arena);
        struct buffer out;
        assert_int_equal(describe_whole(&arena, bodies[i], &out), ERROR_INVALID);
        arena_release(&arena);
    }
}

TEST(refuses_what_is_no_form)
{
    static const char *const types[] = {
        "",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"xyz",
        ("multipart/form-data; boundary="
         "01234567890123456789012345678901234567890123456789012345678901234567890"),
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct arena arena;
        arena_init(&arena);
        struct multipart *form = arena_allocate(&arena, sizeof *form);
        assert_int_equal(multipart_begin(form, &arena, text_from(types[i]), read_pieces, NULL),
                         ERROR_INVALID);
        arena_release(&arena);
    }
}

TEST(bounds_part_headers_and_parts)
{
    struct arena arena;
    arena_init(&arena);
    struct buffer body;
    struct buffer out;
    buffer_init(&body, &arena, 1 << 20);
    for (size_t i = 0; i <= MULTIPART_PARTS; i++)
        buffer_add_string(&body, "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n");
    buffer_add_string(&body, "--xyz--");
    buffer_init(&out, &arena, 65536);
    assert_int_equal(describe(&arena, form_type, buffer_text(&body), 0, 64, &out), ERROR_INVALID);
    buffer_init(&body, &arena, 1 << 20);
    buffer_add_string(&body, "--xyz\r\nX: ");
    for (size_t i = 0; i < 2 * MULTIPART_BUFFER; i++)
        buffer_add_char(&body, 'x');
    assert_int_equal(describe(&arena, form_type, buffer_text(&body), 0, 64, &out), ERROR_INVALID);
    arena_release(&arena);
}

UNIT_TESTS(cmocka_unit_test(reads_the_same_wherever_the_input_is_split),
           cmocka_unit_test(tells_names_in_all_their_forms),
           cmocka_unit_test(refuses_what_is_malformed), cmocka_unit_test(refuses_what_is_no_form),
           cmocka_unit_test(bounds_part_headers_and_parts))
