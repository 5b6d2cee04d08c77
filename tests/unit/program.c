#include "program.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support.h"

enum { WAIT_STEPS = 1000, WAIT_STEP = 10 /* milliseconds */ };

void program_bench_release(struct program_bench *bench)
{
    operations_free(bench->operations);
    folder_cleanup(&bench->folder);
    arena_release(&bench->arena);
}

void program_bench_start(struct program_bench *bench)
{
    *bench = (struct program_bench){.operations = operations_create()};
    arena_init(&bench->arena);
    folder_create(&bench->folder);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
}

const char *program_path(struct program_bench *bench, const char *name)
{
    return folder_file(&bench->folder, &bench->arena, name);
}

const char *program_write(struct program_bench *bench, const char *name, const char *text)
{
    const char *path = program_path(bench, name);
    file_write(path,
               arena_format(&bench->arena, "#!/bin/sh\nF=%s\n%s\n", bench->folder.path, text));
    assert_int_equal(chmod(path, 0700), 0);
    return path;
}

const struct operation *program_add(struct program_bench *bench, const char *name,
                                    const char *program)
{
    struct text message = TEXT_NULL;
    const char *specification = arena_format(&bench->arena, "%s=%s", name, program).data;
    assert_int_equal(
        operation_program_add(bench->operations, &bench->arena, specification, &message), 0);
    assert_null(message.data);
    return operation_find(bench->operations, text_from(name));
}

bool program_say_no(struct operation_run *run)
{
    (void)run;
    return false;
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void wait_a_step(void)
{
    poll(NULL, 0, WAIT_STEP);
}

void program_check_nothing_is_left(void)
{
    for (int i = 0; i < WAIT_STEPS; i++) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0 && errno == ECHILD)
            return;
        if (pid == 0)
            wait_a_step();
    }
    fail_msg("a process is left");
}

int program_run_until(struct program_bench *bench, const struct operation *operation,
                      struct text data, int64_t deadline,
                      bool (*is_cancelled)(struct operation_run *), struct operation_run *ret_run)
{
    *ret_run = (struct operation_run){
        .arena = &bench->arena,
        .job_id = TEXT("0190-job"),
        .data = data,
        .deadline = deadline,
        .is_cancelled = is_cancelled,
    };
    size_t descriptors = count_descriptors();
    int error = operation->run(operation, ret_run);
    assert_int_equal(count_descriptors(), descriptors);
    return error;
}

int program_run(struct program_bench *bench, const char *text, struct text data,
                struct operation_run *ret_run)
{
    static unsigned number;
    const char *name = arena_format(&bench->arena, "script_%u", number++).data;
    const struct operation *operation = program_add(bench, name, program_write(bench, name, text));
    int error = program_run_until(bench, operation, data, INT64_MAX, program_say_no, ret_run);
    program_check_nothing_is_left();
    return error;
}
