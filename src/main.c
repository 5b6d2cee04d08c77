/*
 * errand: a task manager server. See ARCHITECTURE.md for a tour of the source.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/config.h"
#include "cli/command.h"

static const struct {
    const char *name;
    command_fn *run;
    const char *help;
} commands[] = {
    {"serve", command_serve, "serve: run the server"},
    {"worker", command_worker,
     "worker [--exec NAME=PROGRAM]...: carry out jobs, apart from the server; a program makes an\n"
     "  operation: it gets the data on standard input, and what it prints is the result"},
    {"migrate", command_migrate,
     "migrate [status]: bring the database up to date, or show how it is\n"
     "  migrate --from URL [--to URL]: copy all data into another, empty database (that of\n"
     "  DATABASE_URL); once more after an interruption goes on with it"},
    {"user", command_user,
     "user add NAME [--admin] [--email E] [--password-stdin]\n"
     "  user passwd NAME [--password-stdin]\n"
     "  user role NAME user|admin\n"
     "  user list: manage accounts, also while the server runs"},
    {"audit", command_audit,
     "audit verify: check that the log of changes is as it was written, also while the server "
     "runs"},
    {"health", command_health,
     "health: print how the parts of the running server are; 0 when it serves"},
    {"openapi", command_openapi, "openapi: print the description of the API"},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static int print_help(void)
{
    puts("errand: a task manager server\n\nUsage: errand COMMAND\n\nCommands:");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %s\n", commands[i].help);
    puts("  --help\n  --version\n\n"
         "Options are environment variables, or lines NAME=VALUE of the file .env in the working\n"
         "directory (the environment wins). In brackets what holds when one is not set:\n");
    config_print_help(stdout);
    return EXIT_OK;
}

static int run_command(command_fn *run, int count, char **arguments)
{
    struct arena arena;
    struct config config;
    struct text message = TEXT_NULL;
    arena_init(&arena);
    int code;
    if (config_load(&config, &arena, ".env", &message) < 0) {
        code = command_fail(message);
    } else {
        struct command_context context = {&arena, &config, count, arguments};
        code = run(&context);
    }
    arena_release(&arena);
    return code;
}

int main(int count, char **arguments)
{
    /* What is written holds password hashes and keys: it is for the owner alone. */
    umask(077);
    if (count < 2)
        return command_usage("a command is missing");
    const char *name = arguments[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return print_help();
    if (strcmp(name, "--version") == 0) {
        puts("errand " ERRAND_VERSION);
        return EXIT_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, commands[i].name) == 0)
            return run_command(commands[i].run, count - 2, arguments + 2);
    }
    fprintf(stderr, "errand: unknown command %s (see errand --help)\n", name);
    return EXIT_USAGE;
}
