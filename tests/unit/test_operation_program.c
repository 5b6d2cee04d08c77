/*
 * test_operation_program.c: what goes into a program, what comes out, and how it is found.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "program.h"

enum { LONG = 1 << 20 };

static struct text repeat(struct arena *arena, char c, size_t length)
{
    char *data = arena_allocate(arena, length);
    memset(data, c, length);
    return (struct text){data, length};
}

TEST(output_is_the_result)
{
    static const struct {
        const char *text;
        const char *data;
        const char *result;
    } cases[] = {
        {"exit 0", "abc", ""},
        {"cat", "", ""},
        {"cat", "h\u00E9llo $(id) `id`;\n'\"", "h\u00E9llo $(id) `id`;\n'\""},
        {"tr a-z A-Z; echo; echo noise >&2", "abc", "ABC\n"},
        {"echo one; exec 1>&-; sleep 0.2; exit 0", "", "one\n"},
        {"printf '\\303'; sleep 0.2; printf '\\251'", "", "\u00E9"}, /* a character in two writes */
        {"exec 0<&-; echo deaf", "abc", "deaf\n"},
    };
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct operation_run done;
        assert_int_equal(program_run(&bench, cases[i].text, text_from(cases[i].data), &done), 0);
        assert_text(done.result, cases[i].result);
        assert_null(done.error.data);
    }
}

TEST(how_it_ends_is_the_outcome)
{
    static const struct {
        const char *text;
        int error;
        bool permanent;
        const char *words;
    } cases[] = {
        {"exit 65", ERROR_INTERNAL, true, "The program exited with code 65"},
        {"exit 75", ERROR_INTERNAL, false, "The program exited with code 75"},
        {"echo text; echo no host >&2; exit 3", ERROR_INTERNAL, false,
         "The program exited with code 3: no host"},
        {"exit 255", ERROR_INTERNAL, false, "The program exited with code 255"},
        {"kill -SEGV $$", ERROR_INTERNAL, false, "The program was ended by signal 11"},
        {"kill -KILL $$", ERROR_INTERNAL, false, "The program was ended by signal 9"},
        {"kill -PIPE $$", ERROR_INTERNAL, false, "The program was ended by signal 13"},
        {"printf '\\377'", ERROR_INVALID, true, "The program's output is not UTF-8 text"},
        {"printf '\\303'", ERROR_INVALID, true, "The program's output is not UTF-8 text"},
        {"printf 'a\\000b'", ERROR_INVALID, true, "The program's output is not UTF-8 text"},
        {"exec cat /dev/zero", ERROR_TOO_LARGE, true, "The program's output is too large"},
        {"yes & yes & yes", ERROR_TOO_LARGE, true, "The program's output is too large"},
    };
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct operation_run done;
        assert_int_equal(program_run(&bench, cases[i].text, TEXT("abc"), &done), cases[i].error);
        assert_int_equal(done.permanent, cases[i].permanent);
        assert_text(done.error, cases[i].words);
        assert_null(done.result.data);
    }
}

TEST(the_last_line_of_its_errors_is_told)
{
    static const struct {
        const char *text;
        const char *line;
    } cases[] = {
        {"printf 'first\\nlast'", "last"},
        {"printf 'last\\n\\n  \\n'", "last"},
        {"printf '  padded\\r\\n'", "padded"},
        {"printf 'caf\\351 broken\\n'", "caf\uFFFD broken"}, /* another encoding */
        {"printf 'a\\000b\\n'", "a\uFFFDb"},
        {"head -c 10000000 /dev/zero | tr '\\000' x; printf '\\nlast\\n'", "last"},
    };
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct operation_run done;
        const char *text = arena_format(&bench.arena, "exec >&2\n%s\nexit 3", cases[i].text).data;
        assert_int_equal(program_run(&bench, text, TEXT(""), &done), ERROR_INTERNAL);
        const char *expected =
            arena_format(&bench.arena, "The program exited with code 3: %s", cases[i].line).data;
        assert_text(done.error, expected);
    }
}

TEST(a_line_of_errors_that_is_too_long_is_told_in_part)
{
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    struct operation_run done;
    /* An odd count of bytes before two-byte characters: the cut goes through one of them. */
    assert_int_equal(
        program_run(&bench,
                    "i=0; while [ $i -lt 5000 ]; do printf '\\303\\251'; i=$((i+1)); done >&2\n"
                    "printf x >&2; exit 3",
                    TEXT(""), &done),
        ERROR_INTERNAL);
    struct text start_of = TEXT("The program exited with code 3: \uFFFD\u00E9\u00E9");
    assert_true(text_starts_with(done.error, start_of));
    assert_true(text_is_valid(done.error));
    assert_int_equal(text_count(done.error), strlen("The program exited with code 3: ") + 500);
}

TEST(output_is_taken_up_to_the_limit)
{
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    struct operation_run done;
    const char *fill = "head -c $(cat) /dev/zero | tr '\\000' x";
    struct text size = arena_format(&bench.arena, "%d", OPERATION_RESULT_LIMIT);
    assert_int_equal(program_run(&bench, fill, size, &done), 0);
    assert_int_equal(done.result.length, OPERATION_RESULT_LIMIT);
    size = arena_format(&bench.arena, "%d", OPERATION_RESULT_LIMIT + 1);
    assert_int_equal(program_run(&bench, fill, size, &done), ERROR_TOO_LARGE);
    assert_true(done.permanent);
}

TEST(input_and_output_beyond_what_pipes_hold_flow_both_ways)
{
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    struct operation_run done;
    struct text data = repeat(&bench.arena, 'a', LONG);
    assert_int_equal(program_run(&bench, "exec cat", data, &done), 0);
    assert_true(text_equal(done.result, data));
    /* Writes first and reads later. */
    assert_int_equal(
        program_run(&bench, "head -c 300000 /dev/zero | tr '\\000' x; wc -c", data, &done), 0);
    assert_int_equal(done.result.length, 300000 + strlen("1048576\n"));
}

TEST(input_need_not_be_read)
{
    static const char *const texts[] = {"echo done", "head -c 10 >/dev/null; echo done",
                                        "exec 0<&-; sleep 0.2; echo done"};
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    struct text data = repeat(&bench.arena, 'a', LONG);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct operation_run done;
        assert_int_equal(program_run(&bench, texts[i], data, &done), 0);
        assert_text(done.result, "done\n");
    }
}
TEST(a_program_goes_by_the_name_it_was_given)
{
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    program_write(&bench, "real", "echo $0");
    const char *link = program_path(&bench, "link");
    assert_int_equal(symlink("real", link), 0);
    struct operation_run done;
    const struct operation *linked = program_add(&bench, "linked", link);
    assert_int_equal(program_run_until(&bench, linked, TEXT(""), INT64_MAX, program_say_no, &done),
                     0);
    assert_text(done.result, arena_format(&bench.arena, "%s\n", link).data);

    /* Turned to another: followed there. */
    program_write(&bench, "other", "echo other");
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("other", link), 0);
    assert_int_equal(program_run_until(&bench, linked, TEXT(""), INT64_MAX, program_say_no, &done),
                     0);
    assert_text(done.result, "other\n");
    program_check_nothing_is_left();
}

TEST(a_program_is_found_in_path_and_below_the_working_folder)
{
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    program_write(&bench, "errand-test-program", "echo $0");
    char *path = strdup(getenv("PATH"));
    char *here = getcwd(NULL, 0);
    assert_non_null(here);
    const char *longer = arena_format(&bench.arena, "%s:/no/such:%s", path, bench.folder.path).data;
    assert_int_equal(setenv("PATH", longer, 1), 0);
    const struct operation *found = program_add(&bench, "found", "errand-test-program");
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_int_equal(chdir(bench.folder.path), 0);
    const struct operation *below = program_add(&bench, "below", "./errand-test-program");
    assert_int_equal(chdir(here), 0); /* where it is resolved does not depend on where it runs */
    free(path);
    free(here);

    struct operation_run done;
    assert_int_equal(program_run_until(&bench, found, TEXT(""), INT64_MAX, program_say_no, &done),
                     0);
    assert_text(done.result,
                arena_format(&bench.arena, "%s/errand-test-program\n", bench.folder.path).data);
    assert_int_equal(program_run_until(&bench, below, TEXT(""), INT64_MAX, program_say_no, &done),
                     0);
    assert_text(done.result,
                arena_format(&bench.arena, "%s/./errand-test-program\n", bench.folder.path).data);
    program_check_nothing_is_left();
}

TEST(bad_specifications_are_explained)
{
    static const struct {
        const char *specification; /* %s: the folder */
        const char *words;
    } cases[] = {
        {"", "--exec wants NAME=PROGRAM, not \"\""},
        {"shout", "--exec wants NAME=PROGRAM, not \"shout\""},
        {"shout=", "--exec wants NAME=PROGRAM, not \"shout=\""},
        {"shout=/no/such", "--exec shout=/no/such: there is no program /no/such"},
        {"shout=errand-no-such", "--exec shout=errand-no-such: there is no program errand-no-such"},
        {"shout=/tmp", "--exec shout=/tmp: there is no program /tmp"},
        {"shout=/etc/passwd", "--exec shout=/etc/passwd: there is no program /etc/passwd"},
        {"reverse=cat", "--exec reverse=cat: there is an operation of that name already"},
        {"Shout=cat", "--exec Shout=cat: a name is a lower-case letter, then lower-case letters, "
                      "digits and underscores"},
        {"=cat", "--exec =cat: a name is a lower-case letter, then lower-case letters, digits and "
                 "underscores"},
    };
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    size_t count = operations_count(bench.operations);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct text message = TEXT_NULL;
        assert_int_equal(
            operation_program_add(bench.operations, &bench.arena, cases[i].specification, &message),
            ERROR_INVALID);
        assert_text(message, cases[i].words);
    }
    assert_int_equal(operations_count(bench.operations), count);
}

UNIT_TESTS(cmocka_unit_test(output_is_the_result), cmocka_unit_test(how_it_ends_is_the_outcome),
           cmocka_unit_test(the_last_line_of_its_errors_is_told),
           cmocka_unit_test(a_line_of_errors_that_is_too_long_is_told_in_part),
           cmocka_unit_test(output_is_taken_up_to_the_limit),
           cmocka_unit_test(input_and_output_beyond_what_pipes_hold_flow_both_ways),
           cmocka_unit_test(input_need_not_be_read),
           cmocka_unit_test(a_program_goes_by_the_name_it_was_given),
           cmocka_unit_test(a_program_is_found_in_path_and_below_the_working_folder),
           cmocka_unit_test(bad_specifications_are_explained))
