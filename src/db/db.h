/*
 * db.h: the database, whichever it is.
 *
 * Work is a function that is given a connection inside a transaction:
 *
 *     static int find_title(struct db_connection *connection, void *argument) { ... }
 *     int error = db_read(db, DB_LIGHT, find_title, &request);
 *
 * db_read gives it one consistent view; db_write also lets it change things, and returns only when
 * the change is durable: 0 means that it survives a crash of the process and of the machine. When
 * the function returns a negative code, nothing of what it did remains and db_write returns it.
 *
 * The function cannot tell the engine. It may run on another thread while the caller waits, and
 * more than once where the engine has to try again, so its outputs are written from scratch each
 * time and it has no effects besides the connection's. It must not wait for anything else.
 *
 * SQL is written with $1, $2... placeholders and the constructs that SQLite and PostgreSQL share.
 * Where they share none, both texts stand side by side in db_dialect. Statements are prepared once
 * for each text and connection.
 *
 * Writes wait for each other: SQLite has one at a time, PostgreSQL locks the rows that they change.
 * A write that changes a row by what it has read of it locks it as it reads, with DB_FOR_UPDATE at
 * the end of the query. A statement that fails undoes the whole write on PostgreSQL, so that the
 * function cannot go on after it. There a transaction parks the fiber at each statement.
 *
 * Errors of every function here: ERROR_CONFLICT (a unique or foreign key constraint), ERROR_BUSY
 * (too much is queued), ERROR_UNAVAILABLE (the database is out of reach, full or read-only),
 * ERROR_INTERNAL (the statement is wrong). The last two are logged where they arise, because only
 * that place knows the engine's own words.
 */
#ifndef ERRAND_DB_DB_H
#define ERRAND_DB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct carrier_line;
struct db;
struct db_connection;

typedef int db_fn(struct db_connection *connection, void *argument);

/* db_dialect: the text for the engine of the connection, where the two cannot share one. */
struct text db_dialect(const struct db_connection *connection, struct text sqlite,
                       struct text postgres);

/* db_is_postgres: for what differs by more than a text. */
bool db_is_postgres(const struct db_connection *connection);

/* How much a read may cost: a light one touches few rows and runs in place where the engine
 * permits; a single one is a light one of one statement, which needs no transaction around it; a
 * heavy one never holds up a loop. */
enum db_weight { DB_LIGHT, DB_SINGLE, DB_HEAVY };

/* db_open: opens (and creates, where the engine does) the database that `url` names, for `loops`
 * event loops. ERROR_INVALID or ERROR_UNAVAILABLE with a message for the user. */
int db_open(struct db **ret_db, const char *url, unsigned loops, struct arena *arena,
            struct text *ret_message);

/* db_open_existing: likewise; ERROR_NOT_FOUND with a message when it would have to be created. */
int db_open_existing(struct db **ret_db, const char *url, unsigned loops, struct arena *arena,
                     struct text *ret_message);

/* db_close: finishes queued writes and closes every connection. Takes NULL. No loop may run. */
void db_close(struct db *db);

/* db_path: the file of an embedded database, or NULL for one that is a server. */
const char *db_path(const struct db *db);

/* db_line_create: what carrier_start (runtime/carrier.h) wants: news by way of the database, which
 * is borrowed. NULL where it has no such way. */
struct carrier_line *db_line_create(struct db *db);

int db_read(struct db *db, enum db_weight weight, db_fn *fn, void *argument);
int db_write(struct db *db, db_fn *fn, void *argument);

/* What the database has to say of itself, for /metrics. Any thread. */
struct db_statistics {
    uint64_t commits;
    uint64_t writes;      /* transactions that the commits carried */
    uint64_t queued;      /* writes that wait now */
    uint64_t queue_limit; /* more are refused */
};
void db_statistics(struct db *db, struct db_statistics *ret_statistics);

/* A value to bind to a placeholder. Text is borrowed until the statement ends. */
enum db_type { DB_NULL, DB_INTEGER, DB_TEXT };
struct db_value {
    enum db_type type;
    union {
        int64_t integer;
        struct text text;
    };
};

static inline struct db_value db_null(void)
{
    return (struct db_value){.type = DB_NULL};
}

static inline struct db_value db_integer(int64_t integer)
{
    return (struct db_value){.type = DB_INTEGER, .integer = integer};
}

/* db_text: the text, or NULL for the null text. */
static inline struct db_value db_text(struct text text)
{
    return (struct db_value){.type = text.data == NULL ? DB_NULL : DB_TEXT, .text = text};
}

/* The placeholders' values, in order: db_execute(connection, sql, DB_VALUES(db_integer(7))). */
struct db_values {
    const struct db_value *values;
    size_t count;
};
#define DB_VALUES(...)                                                                             \
    ((struct db_values){(const struct db_value[]){__VA_ARGS__},                                    \
                        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)})
#define DB_NO_VALUES ((struct db_values){NULL, 0})

/* The rows of a query. On the caller's stack; db_rows_end releases it. */
struct db_rows {
    struct db_connection *connection;
    void *statement;
    int row; /* for an engine that numbers them */
};

/* A struct db_rows declared with DB_ROWS_CLEANUP is ended with its scope. */
#define DB_ROWS_CLEANUP __attribute__((cleanup(db_rows_end)))

/* DB_FOR_UPDATE: ends a query whose rows this write may change, so that another write of them
 * waits; nothing in a read. */
#define DB_FOR_UPDATE(connection) (db_locks_rows(connection) ? " FOR NO KEY UPDATE" : "")
bool db_locks_rows(const struct db_connection *connection);

/* DB_SKIP_LOCKED: a query, written out, whose rows this write takes for itself: those that another
 * one has taken are passed over. */
#define DB_SKIP_LOCKED(connection, sql)                                                            \
    db_dialect(connection, TEXT(sql), TEXT(sql " FOR UPDATE SKIP LOCKED"))

/* db_query: starts a query. On error there is nothing to end. */
int db_query(struct db_connection *connection, struct text sql, struct db_values values,
             struct db_rows *ret_rows);

/* db_rows_next: 1 and the next row, 0 after the last one, or an error. */
int db_rows_next(struct db_rows *rows);
void db_rows_end(struct db_rows *rows);

/* db_query_one: starts a query and moves to its first row. ERROR_NOT_FOUND when there is none;
 * then, as on any error, there is nothing to end. */
int db_query_one(struct db_connection *connection, struct text sql, struct db_values values,
                 struct db_rows *ret_rows);

/* Columns of the current row, from 0. Text is valid until the next row; null text for NULL. */
bool db_column_is_null(const struct db_rows *rows, int column);
int64_t db_column_integer(const struct db_rows *rows, int column);
struct text db_column_text(const struct db_rows *rows, int column);

/* db_execute: runs a statement whose rows, if any, do not matter; returns how many it changed. */
int db_execute(struct db_connection *connection, struct text sql, struct db_values values);

/* db_query_integer: the first column of the only row. ERROR_NOT_FOUND when there is no row. */
int db_query_integer(struct db_connection *connection, struct text sql, struct db_values values,
                     int64_t *ret_value);

/* db_lock: in a write, keeps others from what goes by that number until the end; they wait. */
int db_lock(struct db_connection *connection, int64_t number);

/* db_script: several statements without placeholders. For migrations. */
int db_script(struct db_connection *connection, const char *sql);

#endif
