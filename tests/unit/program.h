/*
 * program.h: programs as operations, for the tests of them.
 *
 * The programs are scripts that a test writes. The test process adopts what they leave behind
 * (PR_SET_CHILD_SUBREAPER), so that it can tell what became of it: after each run there must be no
 * process and no descriptor more than before.
 */
#ifndef ERRAND_TESTS_PROGRAM_H
#define ERRAND_TESTS_PROGRAM_H

#include "domain/operation_program.h"
#include "support.h"

struct program_bench {
    struct arena arena;
    struct folder folder;
    struct operations *operations;
};

#define CLEANUP_PROGRAM_BENCH __attribute__((cleanup(program_bench_release)))
void program_bench_start(struct program_bench *bench);
void program_bench_release(struct program_bench *bench);

/* program_path: the path of a file in the folder of the bench. */
const char *program_path(struct program_bench *bench, const char *name);

/* program_write: writes a script, which finds its folder as $F; its path. */
const char *program_write(struct program_bench *bench, const char *name, const char *text);

/* program_add: makes an operation of a program. */
const struct operation *program_add(struct program_bench *bench, const char *name,
                                    const char *program);

/* program_say_no: for is_cancelled. */
bool program_say_no(struct operation_run *run);

/* program_run_until: runs it, and checks that no descriptor is left open; its error. */
int program_run_until(struct program_bench *bench, const struct operation *operation,
                      struct text data, int64_t deadline,
                      bool (*is_cancelled)(struct operation_run *), struct operation_run *ret_run);

/* program_run: runs a script to its end, and checks that it leaves nothing. */
int program_run(struct program_bench *bench, const char *text, struct text data,
                struct operation_run *ret_run);

/* program_check_nothing_is_left: that all that was left behind ends, and is waited for. */
void program_check_nothing_is_left(void);

#endif
