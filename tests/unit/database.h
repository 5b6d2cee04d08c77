/*
 * database.h: a database in a folder of its own, for the tests of db/.
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
    struct db *db;
};

/* A database declared with DATABASE(name) is open, empty, and gone with its scope. */
#define DATABASE(name)                                                                             \
    __attribute__((cleanup(database_release))) struct database name;                               \
    database_create(&name)

void database_create(struct database *database);
void database_release(struct database *database);

/* database_open: another handle on the same file, which the caller closes. */
struct db *database_open(struct database *database);

/* database_reopen: closes the database and opens it again, as after a restart. */
void database_reopen(struct database *database);

/* One statement without values, in a transaction of its own; and the integer that one yields. */
int database_execute(struct db *db, const char *sql);
int64_t database_integer(struct db *db, const char *sql);

#endif
