/*
 * process.h: runs a program to its end, within limits.
 *
 * The program gets its input on standard input, and what it writes to standard output is the
 * result. There is no shell. It leads a process group of its own, has no descriptors but the three
 * standard ones, no signal blocked or ignored, and the environment it is given; when it ends,
 * whatever it has left running in its group is killed.
 *
 *   deadline, or is_cancelled ──> SIGTERM to the group ── PROCESS_GRACE ──> SIGKILL
 *   too much output ─────────────────────────────────────────────────────> SIGKILL
 */
#ifndef ERRAND_RUNTIME_PROCESS_H
#define ERRAND_RUNTIME_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

#define PROCESS_GRACE INT64_C(2000000) /* microseconds from asking to killing */

enum { PROCESS_ERRORS_LIMIT = 4096 }; /* bytes of standard error that are kept: the last ones */

struct process_options {
    const char *program;            /* its path, which is also its only argument */
    char *const *environment;       /* "NAME=value", ends with NULL */
    struct text input;              /* it need not read all of it */
    size_t output_limit;            /* bytes */
    int64_t deadline;               /* clock_monotonic() */
    bool (*is_cancelled)(void *of); /* asked several times a second; NULL for never */
    void *of;
};

/* Why it ended. */
enum process_end {
    PROCESS_EXITED,    /* by itself: `code` is its exit code */
    PROCESS_SIGNALLED, /* by a signal that was not ours: `code` is its number */
    PROCESS_TIMED_OUT,
    PROCESS_CANCELLED,
    PROCESS_TOO_LARGE, /* it wrote more than output_limit */
};

struct process_result {
    enum process_end end;
    int code;
    struct text output; /* bytes as they came, in the arena */
    struct text errors;
};

/* process_run: blocks until the program has ended. ERROR_NOT_FOUND when it cannot be started,
 * ERROR_IO when there are no pipes to be had. SIGPIPE must be ignored by the caller's process. Any
 * thread. */
int process_run(struct arena *arena, const struct process_options *options,
                struct process_result *ret_result);

#endif
