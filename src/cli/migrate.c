/*
 * migrate.c: errand migrate [status].
 */
#include "db/migrate.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command.h"

static int print_status(struct db *db, struct arena *arena)
{
    struct migration_state *states;
    struct text message = TEXT_NULL;
    int count = migrate_list(db, arena, &states, &message);
    if (count < 0)
        return command_fail(message);
    for (int i = 0; i < count; i++) {
        char at[CLOCK_TIMESTAMP_SIZE] = "not applied";
        if (states[i].applied)
            clock_format_timestamp(states[i].applied_at, at);
        printf("%-40.*s %s\n", TEXT_ARGUMENTS(states[i].name), at);
    }
    return EXIT_OK;
}

static int apply(struct db *db, struct arena *arena)
{
    struct text message = TEXT_NULL;
    int applied = migrate_apply(db, arena, &message);
    if (applied < 0)
        return command_fail(message);
    printf("%d migration%s applied\n", applied, applied == 1 ? "" : "s");
    return EXIT_OK;
}

int command_migrate(const struct command_context *context)
{
    bool status = context->count == 1 && strcmp(context->arguments[0], "status") == 0;
    if (context->count > 0 && !status)
        return command_usage("migrate takes no argument but status");
    struct db *db;
    struct text message = TEXT_NULL;
    if (db_open(&db, context->config->database_url, 0, context->arena, &message) < 0)
        return command_fail(message);
    int code = status ? print_status(db, context->arena) : apply(db, context->arena);
    db_close(db);
    return code;
}
