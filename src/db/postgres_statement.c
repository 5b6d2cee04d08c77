/*
 * postgres_statement.c: what a connection has prepared, by SQL text.
 *
 * A table addressed by the text's hash: two neighbouring places for each hash, the one used longer
 * ago is given up, and its statement on the server with it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "db/postgres.h"

static bool is_for(const struct postgres_statement *statement, uint64_t hash, struct text sql)
{
    return statement->sql != NULL && statement->hash == hash && statement->length == sql.length &&
           memcmp(statement->sql, sql.data, sql.length) == 0;
}

struct postgres_statement *postgres_statement_take(struct postgres_connection *connection,
                                                   struct text sql, uint64_t *ret_evicted)
{
    uint64_t hash = text_hash(sql, 0);
    struct postgres_statement *pair = &connection->statements[hash % POSTGRES_STATEMENTS & ~1U];
    struct postgres_statement *place = &pair[0];
    if (is_for(&pair[1], hash, sql) ||
        (!is_for(&pair[0], hash, sql) && pair[1].last_used < pair[0].last_used))
        place = &pair[1];
    *ret_evicted = 0;
    if (!is_for(place, hash, sql)) {
        if (place->prepared)
            *ret_evicted = place->number;
        free(place->sql);
        *place = (struct postgres_statement){
            .sql = memory_allocate(sql.length + 1),
            .length = sql.length,
            .hash = hash,
            .number = ++connection->numbers,
        };
        memcpy(place->sql, sql.data, sql.length);
    } else if (!place->prepared) {
        place->number = ++connection->numbers; /* the last attempt may have got half way */
    }
    place->last_used = ++connection->uses;
    return place;
}

void postgres_statements_clear(struct postgres_connection *connection)
{
    for (size_t i = 0; i < POSTGRES_STATEMENTS; i++)
        free(connection->statements[i].sql);
    memset(connection->statements, 0, sizeof connection->statements);
}
