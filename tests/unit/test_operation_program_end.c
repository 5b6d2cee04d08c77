/*
 * test_operation_program_end.c: how a program starts, ends, and what it may leave behind.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "program.h"

TEST(it_starts_with_a_clean_slate)
{
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    assert_int_equal(setenv("ERRAND_TEST_SECRET", "hidden", 1), 0);
    int inherited = dup(STDOUT_FILENO); /* without CLOEXEC */
    assert_true(inherited > STDERR_FILENO);
    const struct operation *operation = program_add(
        &bench, "show",
        program_write(&bench, "show",
                      "tr '\\000' '\\n' </proc/$$/environ | sort >$F/environment\n"
                      "ls /proc/$$/fd >$F/descriptors\n"
                      "cut -d' ' -f1,5 /proc/$$/stat | sed \"s/$$/me/g\"; echo \"$0 $#\"\n"));
    struct operation_run done;
    int error = program_run_until(&bench, operation, TEXT(""), INT64_MAX, program_say_no, &done);
    close(inherited);
    unsetenv("ERRAND_TEST_SECRET");
    assert_int_equal(error, 0);
    program_check_nothing_is_left();

    assert_text(done.result,
                arena_format(&bench.arena, "me me\n%s 0\n", program_path(&bench, "show")).data);
    assert_text(file_read(&bench.arena, program_path(&bench, "environment")),
                arena_format(&bench.arena,
                             "ERRAND_JOB_ID=0190-job\nERRAND_OPERATION=show\nLANG=C.UTF-8\n"
                             "PATH=%s\n",
                             getenv("PATH"))
                    .data);
    struct text rest = file_read(&bench.arena, program_path(&bench, "descriptors"));
    struct text line;
    while (text_split(&rest, '\n', &line)) {
        int64_t number = 0;
        if (line.length == 0)
            continue;
        assert_int_equal(text_parse_integer(line, &number), 0);
        /* 10 and more: the shell's own, for the script it reads. */
        assert_true(number <= STDERR_FILENO || number >= 10);
    }
}

/* SIGPIPE is ignored here, and the program is not to be. The C library keeps signals 32 and 33 for
 * itself, and leaves them ignored in whatever it starts. */
TEST(no_signal_is_blocked_or_ignored)
{
    const unsigned long long reserved = 3ULL << 31;
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGUSR1);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
    struct operation_run done;
    int error =
        program_run(&bench, "exec grep -E 'Sig(Blk|Ign)' /proc/self/status", TEXT(""), &done);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    assert_int_equal(error, 0);
    struct text rest = text_trim(done.result);
    struct text line;
    size_t lines = 0;
    while (text_split(&rest, '\n', &line)) {
        const char *mask = strchr(arena_copy(&bench.arena, line).data, '\t');
        assert_non_null(mask);
        assert_int_equal(strtoull(mask, NULL, 16) & ~reserved, 0);
        lines++;
    }
    assert_int_equal(lines, 2);
}

TEST(what_it_leaves_in_its_group_is_killed)
{
    static const char *const texts[] = {
        "sleep 1000 & echo done",
        "sleep 1000 >/dev/null 2>&1 & echo done",
        "(trap '' TERM HUP; sleep 1000 & sleep 1000) & echo done",
        "sleep 1000 | sleep 1000 & echo done",
    };
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct operation_run done;
        assert_int_equal(program_run(&bench, texts[i], TEXT(""), &done), 0);
        assert_text(done.result, "done\n");
    }
}

/* It holds the pipes, and is neither waited for nor read from any more. */
TEST(what_has_left_its_group_is_not_waited_for)
{
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    const struct operation *operation = program_add(
        &bench, "stray",
        program_write(&bench, "stray",
                      "setsid sh -c 'echo $$ >$0/pid; : >$0/ready; exec sleep 1000' $F &\n"
                      "while ! [ -e $F/ready ]; do sleep 0.01; done; echo done"));
    struct operation_run done;
    int error = program_run_until(&bench, operation, TEXT(""), INT64_MAX, program_say_no, &done);
    int64_t pid = 0;
    struct text line = text_trim(file_read(&bench.arena, program_path(&bench, "pid")));
    assert_int_equal(text_parse_integer(line, &pid), 0);
    assert_true(pid > 1);
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
    program_check_nothing_is_left();
    assert_int_equal(error, 0);
    assert_text(done.result, "done\n");
}

TEST(it_is_ended_at_its_deadline)
{
    static const char *const texts[] = {
        "exec sleep 1000",
        "trap '' TERM; sleep 1000; sleep 1000", /* does not go when asked */
        "exec >&- 2>&-; exec sleep 1000",       /* has closed its output */
        "kill -STOP $$",
        "trap 'echo late; exit 0' TERM; sleep 1000 & wait", /* ends well, but too late */
        "while :; do echo x >&2; done",                     /* never silent */
    };
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const char *name = arena_format(&bench.arena, "slow_%zu", i).data;
        const struct operation *operation =
            program_add(&bench, name, program_write(&bench, name, texts[i]));
        struct operation_run done;
        int64_t deadline = clock_monotonic() + CLOCK_SECOND / 5;
        assert_int_equal(
            program_run_until(&bench, operation, TEXT("abc"), deadline, program_say_no, &done),
            ERROR_TIMEOUT);
        assert_true(clock_monotonic() >= deadline);
        assert_false(done.permanent);
        assert_null(done.result.data);
        program_check_nothing_is_left();
    }
}

static const char *awaited; /* by is_there() */

static bool is_there(struct operation_run *run)
{
    (void)run;
    return access(awaited, F_OK) == 0;
}

TEST(it_is_ended_when_it_is_cancelled)
{
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    const struct operation *operation = program_add(
        &bench, "long",
        program_write(&bench, "long",
                      "trap ': >$F/told; exit 0' TERM; : >$F/ready; sleep 1000 & wait"));
    awaited = program_path(&bench, "ready");
    struct operation_run done;
    assert_int_equal(program_run_until(&bench, operation, TEXT(""), INT64_MAX, is_there, &done),
                     ERROR_CANCELLED);
    assert_int_equal(access(program_path(&bench, "told"), F_OK), 0);
    assert_false(done.permanent);
    assert_null(done.result.data);
    program_check_nothing_is_left();
}

TEST(a_program_that_cannot_be_started_is_tried_again)
{
    CLEANUP_PROGRAM_BENCH struct program_bench bench;
    program_bench_start(&bench);
    const char *path = program_write(&bench, "gone", "cat");
    const struct operation *operation = program_add(&bench, "gone", path);
    struct operation_run done;
    assert_int_equal(
        program_run_until(&bench, operation, TEXT("a"), INT64_MAX, program_say_no, &done), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(
        program_run_until(&bench, operation, TEXT("a"), INT64_MAX, program_say_no, &done),
        ERROR_NOT_FOUND);
    assert_false(done.permanent);
    assert_text(done.error, "The program cannot be started");

    file_write(path, TEXT("#!/no/such/interpreter\n"));
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(
        program_run_until(&bench, operation, TEXT("a"), INT64_MAX, program_say_no, &done),
        ERROR_NOT_FOUND);
    file_write(path, TEXT("echo no shell takes this\n"));
    assert_int_equal(
        program_run_until(&bench, operation, TEXT("a"), INT64_MAX, program_say_no, &done),
        ERROR_NOT_FOUND);
    program_check_nothing_is_left();

    program_write(&bench, "gone", "cat"); /* it is back */
    assert_int_equal(
        program_run_until(&bench, operation, TEXT("a"), INT64_MAX, program_say_no, &done), 0);
    assert_text(done.result, "a");
    program_check_nothing_is_left();
}

UNIT_TESTS(cmocka_unit_test(it_starts_with_a_clean_slate),
           cmocka_unit_test(no_signal_is_blocked_or_ignored),
           cmocka_unit_test(what_it_leaves_in_its_group_is_killed),
           cmocka_unit_test(what_has_left_its_group_is_not_waited_for),
           cmocka_unit_test(it_is_ended_at_its_deadline),
           cmocka_unit_test(it_is_ended_when_it_is_cancelled),
           cmocka_unit_test(a_program_that_cannot_be_started_is_tried_again))
