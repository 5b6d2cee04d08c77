#include "domain/sql.h"

#include "base/error.h"

enum { SQL_TEXT_LIMIT = 65536 };

void sql_init(struct sql *sql, struct arena *arena)
{
    buffer_init(&sql->text, arena, SQL_TEXT_LIMIT);
    sql->count = 0;
}

void sql_add(struct sql *sql, const char *text)
{
    buffer_add_string(&sql->text, text);
}

void sql_value(struct sql *sql, struct db_value value)
{
    if (sql->count == SQL_VALUES_LIMIT) {
        sql->text.overflowed = true;
        return;
    }
    sql->values[sql->count++] = value;
    buffer_add_char(&sql->text, '$');
    buffer_add_integer(&sql->text, (int64_t)sql->count);
}

void sql_add_condition(struct sql *sql, bool *any)
{
    sql_add(sql, *any ? " AND " : " WHERE ");
    *any = true;
}

static struct db_values values_of(const struct sql *sql)
{
    return (struct db_values){sql->values, sql->count};
}

int sql_query(struct sql *sql, struct db_connection *connection, struct db_rows *ret_rows)
{
    if (buffer_overflowed(&sql->text))
        return ERROR_TOO_LARGE;
    return db_query(connection, buffer_text(&sql->text), values_of(sql), ret_rows);
}

int sql_execute(struct sql *sql, struct db_connection *connection)
{
    if (buffer_overflowed(&sql->text))
        return ERROR_TOO_LARGE;
    return db_execute(connection, buffer_text(&sql->text), values_of(sql));
}

int sql_query_one(struct sql *sql, struct db_connection *connection, struct db_rows *ret_rows)
{
    if (buffer_overflowed(&sql->text))
        return ERROR_TOO_LARGE;
    return db_query_one(connection, buffer_text(&sql->text), values_of(sql), ret_rows);
}

int sql_query_integer(struct sql *sql, struct db_connection *connection, int64_t *ret_value)
{
    if (buffer_overflowed(&sql->text))
        return ERROR_TOO_LARGE;
    return db_query_integer(connection, buffer_text(&sql->text), values_of(sql), ret_value);
}
