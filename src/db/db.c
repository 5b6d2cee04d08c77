#include "db/db.h"

#include <unistd.h>

#include "base/error.h"
#include "db/engine.h"

/* The file behind sqlite:///relative or sqlite:////absolute (SQLAlchemy's form, a driver suffix
 * included), or NULL when `url` is none. */
static const char *sqlite_path(const char *url)
{
    struct text rest = text_from(url);
    struct text scheme;
    if (!text_split(&rest, ':', &scheme) || rest.data == NULL)
        return NULL;
    bool plain = text_is(scheme, "sqlite");
    bool with_driver = text_starts_with(scheme, TEXT("sqlite+"));
    if ((!plain && !with_driver) || !text_starts_with(rest, TEXT("///")) || rest.length == 3)
        return NULL;
    return rest.data + 3;
}

int db_open(struct db **ret_db, const char *url, unsigned loops, struct arena *arena,
            struct text *ret_message)
{
    const char *path = sqlite_path(url);
    if (path != NULL && !text_is(text_from(path), ":memory:"))
        return sqlite_open(ret_db, path, loops, arena, ret_message);
    if (text_starts_with(text_from(url), TEXT("postgres")))
        return postgres_open(ret_db, url, loops, arena, ret_message);
    /* The URL may hold a password: the message does not repeat it. */
    *ret_message =
        TEXT("DATABASE_URL must be of the form sqlite:///PATH (there is none that lives in memory "
             "only) or postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
    return ERROR_INVALID;
}

int db_open_existing(struct db **ret_db, const char *url, unsigned loops, struct arena *arena,
                     struct text *ret_message)
{
    const char *path = sqlite_path(url);
    if (path != NULL && access(path, F_OK) < 0) {
        *ret_message = arena_format(arena, "there is no database %s", path);
        return ERROR_NOT_FOUND;
    }
    return db_open(ret_db, url, loops, arena, ret_message);
}

void db_close(struct db *db)
{
    if (db != NULL)
        db->engine->close(db);
}

const char *db_path(const struct db *db)
{
    return db->path;
}

struct carrier_line *db_line_create(struct db *db)
{
    return db->engine->line == NULL ? NULL : db->engine->line(db);
}

int db_read(struct db *db, enum db_weight weight, db_fn *fn, void *argument)
{
    return db->engine->read(db, weight, fn, argument);
}

int db_write(struct db *db, db_fn *fn, void *argument)
{
    return db->engine->write(db, fn, argument);
}

void db_statistics(struct db *db, struct db_statistics *ret_statistics)
{
    db->engine->statistics(db, ret_statistics);
}

bool db_is_postgres(const struct db_connection *connection)
{
    return connection->engine == &postgres_engine;
}

bool db_locks_rows(const struct db_connection *connection)
{
    return connection->locks_rows;
}

struct text db_dialect(const struct db_connection *connection, struct text sqlite,
                       struct text postgres)
{
    return db_is_postgres(connection) ? postgres : sqlite;
}

int db_query(struct db_connection *connection, struct text sql, struct db_values values,
             struct db_rows *ret_rows)
{
    return connection->engine->query(connection, sql, values, ret_rows);
}

int db_rows_next(struct db_rows *rows)
{
    return rows->connection->engine->next(rows);
}

void db_rows_end(struct db_rows *rows)
{
    if (rows->statement == NULL)
        return;
    rows->connection->engine->end(rows);
    rows->statement = NULL;
}

bool db_column_is_null(const struct db_rows *rows, int column)
{
    return rows->connection->engine->is_null(rows, column);
}

int64_t db_column_integer(const struct db_rows *rows, int column)
{
    return rows->connection->engine->integer(rows, column);
}

struct text db_column_text(const struct db_rows *rows, int column)
{
    return rows->connection->engine->text(rows, column);
}

int db_execute(struct db_connection *connection, struct text sql, struct db_values values)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query(connection, sql, values, &rows);
    if (error < 0)
        return error;
    while ((error = db_rows_next(&rows)) > 0)
        continue;
    return error < 0 ? error : connection->engine->changes(&rows);
}

int db_query_one(struct db_connection *connection, struct text sql, struct db_values values,
                 struct db_rows *ret_rows)
{
    struct db_rows rows = {0};
    int error = db_query(connection, sql, values, &rows);
    if (error < 0)
        return error;
    error = db_rows_next(&rows);
    if (error > 0) {
        *ret_rows = rows;
        return 0;
    }
    db_rows_end(&rows);
    return error < 0 ? error : ERROR_NOT_FOUND;
}

int db_query_integer(struct db_connection *connection, struct text sql, struct db_values values,
                     int64_t *ret_value)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query_one(connection, sql, values, &rows);
    if (error < 0)
        return error;
    *ret_value = db_column_integer(&rows, 0);
    return 0;
}

int db_lock(struct db_connection *connection, int64_t number)
{
    if (!connection->locks_rows)
        return 0;
    int error = db_execute(connection, TEXT("SELECT pg_advisory_xact_lock($1)"),
                           DB_VALUES(db_integer(number)));
    return error < 0 ? error : 0;
}

int db_script(struct db_connection *connection, const char *sql)
{
    return connection->engine->script(connection, sql);
}
