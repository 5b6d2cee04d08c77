/*
 * sql.h: puts together a statement whose shape depends on the request.
 *
 * Only text from the program itself goes into the statement; whatever a client sent goes in as a
 * value, by sql_value, which writes the placeholder.
 */
#ifndef ERRAND_DOMAIN_SQL_H
#define ERRAND_DOMAIN_SQL_H

#include "base/buffer.h"
#include "db/db.h"

enum { SQL_VALUES_LIMIT = 160 };

struct sql {
    struct buffer text;
    struct db_value values[SQL_VALUES_LIMIT];
    size_t count;
};

void sql_init(struct sql *sql, struct arena *arena);
void sql_add(struct sql *sql, const char *text);

/* sql_value: the next placeholder. */
void sql_value(struct sql *sql, struct db_value value);

/* sql_add_condition: " WHERE " before the first condition, which `any` says, " AND " before others.
 */
void sql_add_condition(struct sql *sql, bool *any);

/* sql_query and the others: as in db.h; ERROR_TOO_LARGE for a statement beyond the limits. */
int sql_query(struct sql *sql, struct db_connection *connection, struct db_rows *ret_rows);
int sql_execute(struct sql *sql, struct db_connection *connection);
int sql_query_one(struct sql *sql, struct db_connection *connection, struct db_rows *ret_rows);
int sql_query_integer(struct sql *sql, struct db_connection *connection, int64_t *ret_value);

#endif
