#include "database.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

struct db *database_open(struct database *database)
{
    struct db *db = NULL;
    struct text message;
    assert_int_equal(db_open(&db, database->url, 1, &database->arena, &message), 0);
    return db;
}

const char *database_server(void)
{
    const char *url = getenv("ERRAND_TEST_DATABASE_URL");
    return url != NULL && url[0] != '\0' ? url : NULL;
}

/* The server of `url` does something that no transaction may. */
static void administrate(struct database *database, const char *statement, const char *option)
{
    PGconn *handle = PQconnectdb(database_server());
    struct text sql = arena_format(&database->arena, "%s %s%s", statement, database->name, option);
    PGresult *result = PQexec(handle, sql.data);
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(handle);
}

/* The URL of another database of the same server: "…/postgres?…" becomes "…/<name>?…". */
static void create_on_server(struct database *database)
{
    database->name = arena_format(&database->arena, "unit_%jx", (uintmax_t)random_integer()).data;
    administrate(database, "CREATE DATABASE", "");
    struct text options = text_from(database_server());
    struct text address;
    text_split(&options, '?', &address);
    const char *slash = strrchr(arena_copy(&database->arena, address).data, '/');
    size_t length = address.length - strlen(slash);
    database->url =
        arena_format(&database->arena, "%.*s/%s%s%.*s", (int)length, address.data, database->name,
                     options.length > 0 ? "?" : "", TEXT_ARGUMENTS(options))
            .data;
}

void database_create(struct database *database)
{
    arena_init(&database->arena);
    folder_create(&database->folder);
    if (database_server() != NULL) {
        create_on_server(database);
    } else {
        const char *path = folder_file(&database->folder, &database->arena, "test.db");
        database->url = arena_format(&database->arena, "sqlite:///%s", path).data;
    }
    database->db = database_open(database);
}

void database_release(struct database *database)
{
    db_close(database->db);
    if (database_server() != NULL)
        administrate(database, "DROP DATABASE", " WITH (FORCE)");
    folder_cleanup(&database->folder);
    arena_release(&database->arena);
}

void database_reopen(struct database *database)
{
    db_close(database->db);
    database->db = database_open(database);
}

static int execute(struct db_connection *connection, void *argument)
{
    return db_execute(connection, text_from(argument), DB_NO_VALUES);
}

int database_execute(struct db *db, const char *sql)
{
    return db_write(db, execute, (void *)sql);
}

struct integer_query {
    const char *sql;
    int64_t value;
};

static int query_integer(struct db_connection *connection, void *argument)
{
    struct integer_query *query = argument;
    return db_query_integer(connection, text_from(query->sql), DB_NO_VALUES, &query->value);
}

int64_t database_integer(struct db *db, const char *sql)
{
    struct integer_query query = {.sql = sql};
    assert_int_equal(db_read(db, DB_LIGHT, query_integer, &query), 0);
    return query.value;
}
