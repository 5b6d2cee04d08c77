/*
 * operation_program.h: operations that run a program, so that what jobs can do grows without a new
 * errand.
 *
 * The program gets the data on standard input, and its standard output is the result, which has to
 * be UTF-8. How it ends is the outcome:
 *
 *   exit code 0            finished
 *   65 (EX_DATAERR)        failed for good: it would fail with this data every time
 *   any other, a signal    failed; tried again while attempts are left
 *
 * The last line of its standard error is the job's error; what is no UTF-8 in it is replaced. It
 * finds PATH, LANG, ERRAND_JOB_ID and ERRAND_OPERATION in its environment and nothing else, and its
 * path as its only argument. A process that it leaves running in its group is killed; one that has
 * left the group (setsid) is on its own, and is not waited for.
 */
#ifndef ERRAND_DOMAIN_OPERATION_PROGRAM_H
#define ERRAND_DOMAIN_OPERATION_PROGRAM_H

#include "domain/operation.h"

/* operation_program_add: adds what `specification`, "NAME=PROGRAM", says; a program without a slash
 * is looked for in PATH. ERROR_INVALID with a message for the user. What is made lives in `arena`.
 */
int operation_program_add(struct operations *operations, struct arena *arena,
                          const char *specification, struct text *ret_message);

#endif
