#include "database.h"

struct db *database_open(struct database *database)
{
    struct db *db = NULL;
    struct text message;
    assert_int_equal(db_open(&db, database->url, 1, &database->arena, &message), 0);
    return db;
}

void database_create(struct database *database)
{
    arena_init(&database->arena);
    folder_create(&database->folder);
    const char *path = folder_file(&database->folder, &database->arena, "test.db");
    database->url = arena_format(&database->arena, "sqlite:///%s", path).data;
    database->db = database_open(database);
}

void database_release(struct database *database)
{
    db_close(database->db);
    folder_remove(&database->folder);
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
