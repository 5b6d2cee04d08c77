/*
 * database.h: a database of its own for each test of db/: a file in a folder, or one of the server
 * that ERRAND_TEST_DATABASE_URL names (postgresql://...), as a user who may create databases.
 *
 * Errors that a test brings about are logged by the database; they go where the log goes.
 */
#ifndef ERRAND_TESTS_DATABASE_H
#define ERRAND_TESTS_DATABASE_H

#include "db/db.h"
#include "support.h"

struct database {
    struct arena arena;
    struct folder folder;
    const char *url;
    const char *name; /* on a server */
    struct db *db;
};

/* A database declared with DATABASE(name) is open, empty, and gone with its scope. */
#define DATABASE(name)                                                                             \
    __attribute__((cleanup(database_release))) struct database name;                               \
    database_create(&name)

void database_create(struct database *database);

/* database_server: the URL of the server that the tests use, or NULL when they use files. A test
 * about files alone begins with SQLITE_ONLY. */
const char *database_server(void);
#define SQLITE_ONLY()                                                                              \
    do {                                                                                           \
        if (database_server() != NULL)                                                             \
            skip();                                                                                \
    } while (0)

void database_release(struct database *database);

/* database_open: another handle on the same file, which the caller closes. */
struct db *database_open(struct database *database);

/* database_reopen: closes the database and opens it again, as after a restart. */
void database_reopen(struct database *database);

/* One statement without values, in a transaction of its own; and the integer that one yields. */
int database_execute(struct db *db, const char *sql);
int64_t database_integer(struct db *db, const char *sql);

#endif
