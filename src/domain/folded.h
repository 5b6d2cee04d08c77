/*
 * folded.h: texts found by a part of them, in any case, on either engine.
 *
 * SQLite has SQL functions of ours that fold as they compare (db/sqlite_function.c). A PostgreSQL
 * server cannot have them, so there the folded forms are kept: the column folded_text of tasks and
 * of users has all that is searched in, city_folded the city. Whoever writes such a row writes them
 * too.
 */
#ifndef ERRAND_DOMAIN_FOLDED_H
#define ERRAND_DOMAIN_FOLDED_H

#include "domain/row.h"
#include "domain/task.h"
#include "domain/user.h"

enum { FOLDED_COLUMNS = 2, FOLDED_PARTS = 3 };

/* What a kept column is made of. */
struct folded_column {
    const char *table;
    const char *name;
    const char *parts[FOLDED_PARTS]; /* columns of the same table */
    size_t count;
};

/* folded_find: the one of that column of the table `name`; NULL for a column that is none of them.
 */
const struct folded_column *folded_find(struct text name, struct text column);

/* folded_join: the value of a column whose parts are these. */
struct text folded_join(struct arena *arena, const struct text *texts, size_t count);

/* folded_of_task, folded_of_user: the columns to write with the row, at most FOLDED_COLUMNS; their
 * number, which is 0 on SQLite. */
size_t folded_of_task(const struct db_connection *connection, struct arena *arena,
                      const struct task *task, struct row_column columns[static FOLDED_COLUMNS]);
size_t folded_of_user(const struct db_connection *connection, struct arena *arena,
                      const struct user *user, struct row_column columns[static FOLDED_COLUMNS]);

/* folded_add_assignments: ", folded_text = $1, ..." */
void folded_add_assignments(struct sql *sql, const struct row_column *columns, size_t count);

/* folded_add_contains: the condition that one of the columns contains `needle`. On PostgreSQL they
 * are those that folded_text was made of. */
void folded_add_contains(struct sql *sql, const struct db_connection *connection,
                         struct arena *arena, const char *const *columns, size_t count,
                         struct text needle);

/* folded_add_city: the condition that the task is in this city. */
void folded_add_city(struct sql *sql, const struct db_connection *connection, struct arena *arena,
                     struct text city);

#endif
