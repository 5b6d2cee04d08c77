/*
 * program.h: what the commands that run until they are told to end (serve, worker) have in common.
 *
 *   program_start     signals and the log
 *   program_open      the services that both need
 *   program_wait      SIGTERM or SIGINT end the wait (a second one the program), SIGHUP reopens
 *                     the log file
 *   program_close, program_end
 */
#ifndef ERRAND_CLI_PROGRAM_H
#define ERRAND_CLI_PROGRAM_H

#include "cli/command.h"
#include "domain/services.h"

struct operations;

/* program_start: EXIT_OK, or another exit code after saying why. Before any thread is started. */
int program_start(const struct command_context *context);

/* program_open: opens the database, brings it up to date, and makes the services on top of it but
 * for those that only a server needs; adds the server's own operations to `operations`, which is
 * borrowed, as `services` is by these. EXIT_OK, or another exit code after saying why, when there
 * is nothing to close. */
int program_open(const struct command_context *context, unsigned loops,
                 struct operations *operations, struct services *services);

/* program_wait: until the program is to end. */
void program_wait(void);

/* program_close: the opposite of program_open. No thread uses the services any more. */
void program_close(struct services *services);

/* program_end: says that all went well where `code` is EXIT_OK, and writes what the log holds. */
void program_end(int code);

#endif
