/*
 * task_import.h: many tasks from a CSV file, in memory that does not grow with it.
 *
 *   bytes ──> csv_reader ──> format.decode ──> drafts, 250 at once ──> one transaction
 *
 * A row that is wrong is reported with its line and does not keep the others out, unless all or
 * none are wanted. Then the bytes are also kept in a temporary file, and when the whole of it has
 * been found good it is read again inside one transaction. So it is for an actor with a hook
 * (transaction.h), whose answer must be committed with all of the rows that are good: an import
 * that is sent again after a crash finds all of them there, and its answer, or none.
 */
#ifndef ERRAND_DOMAIN_TASK_IMPORT_H
#define ERRAND_DOMAIN_TASK_IMPORT_H

#include "domain/task.h"
#include "schema/csv.h"

enum task_import_mode {
    IMPORT_GOOD_ROWS,
    IMPORT_ALL_OR_NONE,
    IMPORT_CHECK, /* changes nothing */
};

/* A task that a row describes. */
struct task_draft {
    int64_t line;
    uint64_t fields; /* of task_schema, that the row gave */
    struct task task;
    struct text assignee;       /* a user name, in place of the id; null text for none */
    const char *assignee_field; /* what the column with the assignee is called */
};

/* What a kind of file has. */
struct task_import_format {
    const char *required; /* the column that must be there */
    /* decode: reads a row into `draft`, whose task has its defaults. Adds problems. */
    void (*decode)(const struct csv_row *row, struct problems *problems, struct task_draft *draft);
};

/* The columns that an export has. */
extern const struct task_import_format task_import_format;

enum { IMPORT_ERRORS_LIMIT = 1000 }; /* that are told; further ones are only counted */

struct task_import_error {
    int64_t row; /* its line */
    struct text field;
    struct text message;
};

struct task_import_report {
    int64_t created;
    int64_t valid;  /* rows that are good */
    int64_t failed; /* rows that are not */
    struct task_import_error *errors;
    size_t error_count;
};

struct task_import;

/* task_import_begin: an import that goes with `arena`. Errors of blob_scratch. */
int task_import_begin(struct services *services, struct arena *arena, const struct actor *actor,
                      const struct task_import_format *format, enum task_import_mode mode,
                      struct task_import **ret_import);

/* task_import_feed, task_import_finish: the next bytes of the file; its end, and what came of it,
 * which is known before a transaction's hook makes an answer of it. ERROR_INVALID with problems
 * when it is no such file. May park the fiber. */
int task_import_feed(struct task_import *import, struct text bytes);
int task_import_finish(struct task_import *import, struct problems *problems,
                       struct task_import_report *ret_report);

#endif
