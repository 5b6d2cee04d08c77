/*
 * sqlite_connection.c: prepared statements by SQL text, values in, rows out.
 *
 * The cache is a table addressed by the text's hash: two neighbouring places for each hash, the one
 * used longer ago is given up. A statement that is running when its text is asked for again gets a
 * twin outside the cache.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "db/sqlite.h"

enum {
    BUSY_TIMEOUT_MILLISECONDS = 30000, /* for another process's write */
    WAL_PAGES_BEFORE_CHECKPOINT = 4000,
    SETTINGS_PAUSE_MILLISECONDS = 2,
};

static const char settings[] = "PRAGMA journal_mode = WAL;"
                               "PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA mmap_size = 1073741824;"
                               "PRAGMA journal_size_limit = 67108864;"
                               "PRAGMA trusted_schema = OFF;";

/* Translates SQLite's code. What a caller cannot mend is logged here, in SQLite's words. */
static int translate(struct sqlite_connection *connection, int code, struct text sql)
{
    switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
        return ERROR_CONFLICT;
    case SQLITE_BUSY:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        log_error("database: %s", sqlite3_errmsg(connection->handle));
        return ERROR_UNAVAILABLE;
    default:
        log_error("database: %s in: %.*s", sqlite3_errmsg(connection->handle), TEXT_ARGUMENTS(sql));
        return ERROR_INTERNAL;
    }
}

/* Two processes that turn a new database to WAL at once: SQLite does not let the second one wait,
 * so it tries again. */
static int apply_settings(sqlite3 *handle)
{
    int64_t deadline = clock_monotonic() + BUSY_TIMEOUT_MILLISECONDS * CLOCK_MILLISECOND;
    for (;;) {
        int code = sqlite3_exec(handle, settings, NULL, NULL, NULL);
        if ((code & 0xFF) != SQLITE_BUSY || clock_monotonic() >= deadline)
            return code;
        sqlite3_sleep(SETTINGS_PAUSE_MILLISECONDS);
    }
}

/* Before SQLite is first used: nobody asks how much it has allocated, and counting that takes a
 * lock of the whole process at every allocation. */
static void configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int sqlite_connection_open(struct sqlite_connection **ret_connection, const char *path,
                           struct arena *arena, struct text *ret_message)
{
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    pthread_once(&configured, configure);
    struct sqlite_connection *connection = memory_allocate(sizeof *connection);
    connection->base.engine = &sqlite_engine;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &connection->handle, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(connection->handle, BUSY_TIMEOUT_MILLISECONDS);
    if (code == SQLITE_OK)
        code = apply_settings(connection->handle);
    if (code == SQLITE_OK)
        code = sqlite3_wal_autocheckpoint(connection->handle, WAL_PAGES_BEFORE_CHECKPOINT);
    if (code == SQLITE_OK)
        code = sqlite_functions_register(connection->handle);
    if (code != SQLITE_OK) {
        *ret_message = arena_format(arena, "cannot open the database %s: %s", path,
                                    sqlite3_errmsg(connection->handle));
        sqlite_connection_close(connection);
        return ERROR_UNAVAILABLE;
    }
    *ret_connection = connection;
    return 0;
}

void sqlite_connection_close(struct sqlite_connection *connection)
{
    if (connection == NULL)
        return;
    for (size_t i = 0; i < SQLITE_CACHED_STATEMENTS; i++)
        sqlite3_finalize(connection->statements[i].handle);
    sqlite3_close(connection->handle);
    free(connection);
}

static bool statement_is_for(const struct sqlite_statement *statement, uint64_t hash,
                             struct text sql)
{
    return statement->hash == hash && statement->handle != NULL &&
           text_is(sql, sqlite3_sql(statement->handle));
}

static int prepare(struct sqlite_connection *connection, struct text sql, unsigned flags,
                   sqlite3_stmt **ret_handle)
{
    log_debug("prepared: %.*s", TEXT_ARGUMENTS(sql));
    int code =
        sqlite3_prepare_v3(connection->handle, sql.data, (int)sql.length, flags, ret_handle, NULL);
    return code == SQLITE_OK ? 0 : translate(connection, code, sql);
}

static int statement_take(struct sqlite_connection *connection, struct text sql,
                          struct sqlite_statement **ret_statement)
{
    uint64_t hash = text_hash(sql, 0);
    struct sqlite_statement *pair = &connection->statements[hash % SQLITE_CACHED_STATEMENTS & ~1U];
    struct sqlite_statement *place = &pair[0];
    if (statement_is_for(&pair[1], hash, sql) ||
        (!statement_is_for(&pair[0], hash, sql) && pair[1].last_used < pair[0].last_used))
        place = &pair[1];
    if (place->busy) {
        struct sqlite_statement *twin = memory_allocate(sizeof *twin);
        int error = prepare(connection, sql, 0, &twin->handle);
        if (error < 0) {
            free(twin);
            return error;
        }
        *ret_statement = twin;
        return 0;
    }
    if (!statement_is_for(place, hash, sql)) {
        sqlite3_finalize(place->handle);
        *place = (struct sqlite_statement){.hash = hash, .cached = true};
        int error = prepare(connection, sql, SQLITE_PREPARE_PERSISTENT, &place->handle);
        if (error < 0)
            return error;
    }
    place->last_used = ++connection->uses;
    place->busy = true;
    *ret_statement = place;
    return 0;
}

static void statement_return(struct sqlite_statement *statement)
{
    if (!statement->cached) {
        sqlite3_finalize(statement->handle);
        free(statement);
        return;
    }
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
    statement->busy = false;
}

static int bind(sqlite3_stmt *handle, int position, const struct db_value *value)
{
    switch (value->type) {
    case DB_NULL:
        return sqlite3_bind_null(handle, position);
    case DB_INTEGER:
        return sqlite3_bind_int64(handle, position, value->integer);
    case DB_TEXT:
        return sqlite3_bind_text64(handle, position, value->text.data, value->text.length,
                                   SQLITE_STATIC, SQLITE_UTF8);
    }
    return SQLITE_MISUSE;
}

/* To SQLite $1 is a name like any other, numbered in the order of appearance: each parameter gets
 * the value that its name says. */
static int bind_all(sqlite3_stmt *handle, struct db_values values)
{
    int count = sqlite3_bind_parameter_count(handle);
    for (int position = 1; position <= count; position++) {
        const char *name = sqlite3_bind_parameter_name(handle, position);
        size_t number = 0;
        for (size_t i = 1; name != NULL && name[i] >= '0' && name[i] <= '9'; i++)
            number = number * 10 + (size_t)(name[i] - '0');
        if (number == 0 || number > values.count)
            return SQLITE_RANGE;
        int code = bind(handle, position, &values.values[number - 1]);
        if (code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

int sqlite_query(struct db_connection *base, struct text sql, struct db_values values,
                 struct db_rows *ret_rows)
{
    struct sqlite_connection *connection = (struct sqlite_connection *)base;
    struct sqlite_statement *statement;
    int error = statement_take(connection, sql, &statement);
    if (error < 0)
        return error;
    int code = bind_all(statement->handle, values);
    if (code != SQLITE_OK) {
        error = translate(connection, code, sql);
        statement_return(statement);
        return error;
    }
    *ret_rows = (struct db_rows){base, statement, 0};
    return 0;
}

int sqlite_next(struct db_rows *rows)
{
    struct sqlite_statement *statement = rows->statement;
    int code = sqlite3_step(statement->handle);
    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE)
        return 0;
    return translate((struct sqlite_connection *)rows->connection, code,
                     text_from(sqlite3_sql(statement->handle)));
}

void sqlite_end(struct db_rows *rows)
{
    statement_return(rows->statement);
}

static sqlite3_stmt *handle_of(const struct db_rows *rows)
{
    return ((struct sqlite_statement *)rows->statement)->handle;
}

bool sqlite_is_null(const struct db_rows *rows, int column)
{
    return sqlite3_column_type(handle_of(rows), column) == SQLITE_NULL;
}

int64_t sqlite_integer(const struct db_rows *rows, int column)
{
    return sqlite3_column_int64(handle_of(rows), column);
}

struct text sqlite_text(const struct db_rows *rows, int column)
{
    const char *data = (const char *)sqlite3_column_text(handle_of(rows), column);
    if (data == NULL)
        return TEXT_NULL;
    return (struct text){data, (size_t)sqlite3_column_bytes(handle_of(rows), column)};
}

int sqlite_changes(const struct db_rows *rows)
{
    return sqlite3_changes(sqlite3_db_handle(handle_of(rows)));
}

int sqlite_script(struct db_connection *base, const char *sql)
{
    struct sqlite_connection *connection = (struct sqlite_connection *)base;
    int code = sqlite3_exec(connection->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : translate(connection, code, TEXT("a script"));
}
