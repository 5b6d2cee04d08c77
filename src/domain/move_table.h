/*
 * move_table.h: one table of a database, read and written whole, on either engine.
 *
 * What columns it has, and which of them are its primary key, both engines tell by themselves. Rows
 * are read in the order of the key, a part at a time, each part in a transaction of its own.
 */
#ifndef ERRAND_DOMAIN_MOVE_TABLE_H
#define ERRAND_DOMAIN_MOVE_TABLE_H

#include <stdbool.h>

#include "db/db.h"
#include "domain/folded.h"

enum { MOVE_COLUMNS = 40, MOVE_KEYS = 4 };

struct move_column {
    struct text name;
    bool integer;
    int64_t key;                        /* its place in the primary key, from 1; 0: none */
    const struct folded_column *folded; /* made of others, not read; NULL: as it is there */
    size_t parts[FOLDED_PARTS];         /* the numbers of those others */
};

struct move_table {
    struct text name;
    const char *where; /* of the rows that count; NULL: all */
    struct move_column columns[MOVE_COLUMNS];
    size_t count;
    size_t read;            /* the first so many are read from a database; the others are made */
    size_t keys[MOVE_KEYS]; /* numbers of columns */
    size_t key_count;
};

/* The rows of a part, one behind the other, `read` values each; in an arena. */
struct move_rows {
    struct db_value *values;
    size_t count;
};

/* move_table_describe: reads what columns the table has in both databases. ERROR_INVALID with a
 * message when what one has the other lacks. `name` and `where` are borrowed. */
int move_table_describe(struct db *source, struct db *target, struct arena *arena, const char *name,
                        const char *where, struct move_table *ret_table, struct text *ret_message);

/* move_table_read: the next rows behind the key `after` (NULL: from the beginning): as many as fit
 * into a part, none at the end. */
int move_table_read(struct db *db, struct arena *arena, const struct move_table *table,
                    const struct db_value *after, struct move_rows *ret_rows);

/* move_table_key: the key of a row that was read. */
void move_table_key(const struct move_table *table, const struct db_value *row,
                    struct db_value ret_key[static MOVE_KEYS]);

/* move_table_find_last: the key of the last row; false in `ret_found` without a row. */
int move_table_find_last(struct db *db, struct arena *arena, const struct move_table *table,
                         bool *ret_found, struct db_value ret_key[static MOVE_KEYS]);

/* move_table_count: how many rows there are. */
int move_table_count(struct db *db, struct arena *arena, const struct move_table *table,
                     int64_t *ret_count);

/* move_table_write: adds the rows, in a write. */
int move_table_write(struct db_connection *connection, struct arena *arena,
                     const struct move_table *table, const struct move_rows *rows);

/* move_table_copy_sequence: a number that was given once, to a row that is gone perhaps, is given
 * no more. */
int move_table_copy_sequence(struct db *source, struct db *target, const struct move_table *table);

/* move_table_list: the names of all tables of a database, but for those of the engine. */
int move_table_list(struct db *db, struct arena *arena, struct text **ret_names, size_t *ret_count);

#endif
