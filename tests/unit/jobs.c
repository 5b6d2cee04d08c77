#include "jobs.h"

#include "db/migrate.h"
#include "support.h"

void jobs_create(struct jobs *jobs)
{
    struct text message;
    database_create(&jobs->database);
    jobs->db = jobs->database.db;
    jobs->operations = operations_create();
    arena_init(&jobs->arena);
    assert_true(migrate_apply(jobs->db, &jobs->arena, &message) > 0);
}

void jobs_release(struct jobs *jobs)
{
    arena_release(&jobs->arena);
    operations_free(jobs->operations);
    database_release(&jobs->database);
}

struct adding {
    struct arena *arena;
    const char *operation;
};

static int run_add(struct db_connection *connection, void *argument)
{
    const struct adding *adding = argument;
    const struct job_order order = {.operation = adding->operation, .data = TEXT("abc")};
    return job_order(connection, adding->arena, &order);
}

void jobs_add(struct jobs *jobs, const char *operation, const char *assignments, ...)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct adding adding = {&arena, operation};
    assert_int_equal(db_write(jobs->db, run_add, &adding), 0);
    va_list arguments;
    va_start(arguments, assignments);
    struct text columns = arena_format_list(&arena, assignments, arguments);
    va_end(arguments);
    struct text sql =
        arena_format(&arena, "UPDATE jobs SET %.*s WHERE number = (SELECT max(number) FROM jobs)",
                     (int)columns.length, columns.data);
    assert_int_equal(jobs_execute(jobs, sql.data), 1);
}

int jobs_execute(struct jobs *jobs, const char *sql)
{
    int changed = database_execute(jobs->db, sql);
    assert_true(changed >= 0);
    return changed;
}

int64_t jobs_value(const struct jobs *jobs, int64_t number, const char *column)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct text sql = arena_format(&arena, "SELECT coalesce(%s, -1) FROM jobs WHERE number = %jd",
                                   column, (intmax_t)number);
    return database_integer(jobs->db, sql.data);
}
