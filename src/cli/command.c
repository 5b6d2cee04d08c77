#include "cli/command.h"

#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "db/migrate.h"

int command_fail(struct text message)
{
    fprintf(stderr, "errand: %.*s\n", TEXT_ARGUMENTS(message));
    return EXIT_FAILED;
}

int command_usage(const char *message)
{
    fprintf(stderr, "errand: %s (see errand --help)\n", message);
    return EXIT_USAGE;
}

struct db *command_open_database(const struct command_context *context, unsigned loops)
{
    struct db *db;
    struct text message = TEXT_NULL;
    if (db_open(&db, context->config->database_url, loops, context->arena, &message) < 0) {
        command_fail(message);
        return NULL;
    }
    int applied = migrate_apply(db, context->arena, &message);
    if (applied < 0) {
        db_close(db);
        command_fail(message);
        return NULL;
    }
    if (applied > 0)
        log_info("database: applied %d migration%s", applied, applied == 1 ? "" : "s");
    return db;
}
