/*
 * migrate.c: errand migrate [status], and errand migrate --from URL [--to URL].
 */
#include "db/migrate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "domain/move.h"

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

/* What is shown while a database is copied: on a terminal a line that grows, else now and then one.
 */
struct display {
    struct move_progress progress; /* must be the first member */
    bool terminal;
    int64_t shown_at;
};

static void show_copied(const struct move_progress *progress, struct text table, int64_t rows,
                        int64_t total)
{
    struct display *display = (struct display *)progress;
    bool complete = rows >= total;
    int64_t now = clock_monotonic();
    if (!complete &&
        now - display->shown_at < (display->terminal ? CLOCK_SECOND / 10 : CLOCK_MINUTE))
        return;
    display->shown_at = now;
    printf("%s%.*s: %jd of %jd rows copied%s", display->terminal ? "\r" : "", TEXT_ARGUMENTS(table),
           (intmax_t)rows, (intmax_t)total, display->terminal && !complete ? "" : "\n");
    fflush(stdout);
}

static void show_verified(const struct move_progress *progress, struct text table, int64_t rows)
{
    (void)progress;
    printf("%.*s: %jd rows verified\n", TEXT_ARGUMENTS(table), (intmax_t)rows);
    fflush(stdout);
}

static int copy(struct db *source, struct db *target, struct arena *arena)
{
    struct display display = {
        .progress = {.copied = show_copied, .verified = show_verified},
        .terminal = isatty(STDOUT_FILENO),
    };
    struct text message = TEXT_NULL;
    if (move_house(source, target, arena, &display.progress, &message) < 0)
        return command_fail(message);
    printf("everything was copied\n");
    if (db_path(source) != NULL)
        printf("tokens stay valid when SECRET_KEY is what it was, or the content of %s.secret\n",
               db_path(source));
    return EXIT_OK;
}

static int move(const struct command_context *context, const char *from, const char *to)
{
    struct text message = TEXT_NULL;
    struct db *source;
    if (db_open_existing(&source, from, 0, context->arena, &message) < 0)
        return command_fail(message);
    struct db *target;
    if (db_open(&target, to, 0, context->arena, &message) < 0) {
        db_close(source);
        return command_fail(message);
    }
    int code = copy(source, target, context->arena);
    db_close(target);
    db_close(source);
    return code;
}

static int parse_move(const struct command_context *context)
{
    const char *from = NULL;
    const char *to = context->config->database_url;
    for (int i = 0; i < context->count; i += 2) {
        const char *name = context->arguments[i];
        const char *value = i + 1 < context->count ? context->arguments[i + 1] : NULL;
        if (value != NULL && strcmp(name, "--from") == 0)
            from = value;
        else if (value != NULL && strcmp(name, "--to") == 0)
            to = value;
        else
            return command_usage("migrate takes status, or --from URL [--to URL]");
    }
    if (from == NULL)
        return command_usage("migrate --to needs --from as well");
    if (strcmp(from, to) == 0)
        return command_usage("migrate --from and --to (or DATABASE_URL) name the same database");
    return move(context, from, to);
}

int command_migrate(const struct command_context *context)
{
    bool status = context->count == 1 && strcmp(context->arguments[0], "status") == 0;
    if (context->count > 0 && !status)
        return parse_move(context);
    struct db *db;
    struct text message = TEXT_NULL;
    if (db_open(&db, context->config->database_url, 0, context->arena, &message) < 0)
        return command_fail(message);
    int code = status ? print_status(db, context->arena) : apply(db, context->arena);
    db_close(db);
    return code;
}
