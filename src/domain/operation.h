/*
 * operation.h: what a job can do.
 *
 * An operation is a row: its name, what it does, its limits, its function. `struct operations` is
 * the table of one process: the text operations that are built in (operation_text.c), the server's
 * own (internal ones, which nobody can submit), and programs that a worker was told to run
 * (operation_program.h). To add a built-in operation: a row in operation_text.c and its function.
 *
 * Functions run on threads of workers: they may block, and run several at once. The table is made
 * before any thread starts and only read from then on.
 */
#ifndef ERRAND_DOMAIN_OPERATION_H
#define ERRAND_DOMAIN_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

/* One run of an operation. */
struct operation_run {
    struct arena *arena; /* where the result lives */
    struct text job_id;
    struct text data; /* valid UTF-8 */
    int64_t deadline; /* clock_monotonic(): from then on it is to stop */
    /* is_cancelled: whether to stop; asked now and then by whatever takes long. */
    bool (*is_cancelled)(struct operation_run *run);
    void (*progress)(struct operation_run *run, int percent);
    /* Set by the operation: */
    struct text result; /* on success */
    struct text error;  /* on failure: a sentence for the user; the null text for the code's own */
    bool permanent;     /* the failure would be the same another time */
};

struct operation;

/* operation_fn: 0 with run->result; ERROR_CANCELLED when it stopped because it was asked to; any
 * other error for a failure. */
typedef int operation_fn(const struct operation *operation, struct operation_run *run);

struct operation {
    const char *name;
    const char *summary;
    size_t result_limit; /* bytes */
    bool internal;       /* the server's own: nobody can submit it */
    bool external;       /* carried out by others, who get it from the broker: has no `run` */
    operation_fn *run;
    const void *context; /* for `run` */
};

enum { OPERATION_NAME_LIMIT = 64, OPERATION_RESULT_LIMIT = 4 << 20 };

struct operations;

/* operations_create: the built-in ones. */
struct operations *operations_create(void);
void operations_free(struct operations *operations);

/* operations_add: one more, which is copied; its texts must live as long as the table.
 * ERROR_CONFLICT when the name is taken, ERROR_INVALID when it is no name: a lower-case letter,
 * then lower-case letters, digits and underscores. */
int operations_add(struct operations *operations, const struct operation *operation);

/* operation_find: NULL when there is none of that name. */
const struct operation *operation_find(const struct operations *operations, struct text name);

size_t operations_count(const struct operations *operations);
const struct operation *operations_at(const struct operations *operations, size_t index);

/* The built-in operations. For operation.c. */
extern const struct operation text_operations[];
extern const size_t text_operation_count;

#endif
