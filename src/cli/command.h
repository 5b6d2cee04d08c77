/*
 * command.h: the program's commands. To add one: a row in main.c and its function.
 */
#ifndef ERRAND_CLI_COMMAND_H
#define ERRAND_CLI_COMMAND_H

#include "base/arena.h"
#include "base/config.h"
#include "db/db.h"

/* The exit codes of the program. */
enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* What every command gets. The arena lives until the program ends. */
struct command_context {
    struct arena *arena;
    const struct config *config;
    int count; /* of `arguments`, which stand behind the command's name */
    char **arguments;
};

typedef int command_fn(const struct command_context *context);

int command_serve(const struct command_context *context);
int command_worker(const struct command_context *context);
int command_migrate(const struct command_context *context);
int command_user(const struct command_context *context);
int command_audit(const struct command_context *context);
int command_health(const struct command_context *context);
int command_openapi(const struct command_context *context);

/* command_fail: "errand: MESSAGE" on standard error; returns EXIT_FAILED. */
int command_fail(struct text message);

/* command_usage: the same for wrong arguments, with a hint at --help; returns EXIT_USAGE. */
int command_usage(const char *message);

/* command_open_database: opens the configured database and brings it up to date. On failure it has
 * said why, and returns NULL. */
struct db *command_open_database(const struct command_context *context, unsigned loops);

#endif
