/*
 * sqlite.h: the parts of the SQLite engine. Only sqlite*.c include it.
 *
 *   sqlite.c             opens, reads; one connection a loop, some for heavy reads
 *   sqlite_writer.c      the one connection that writes, on a thread of its own: group commit
 *   sqlite_connection.c  statements, values, rows, errors
 *   sqlite_function.c    SQL functions of ours
 */
#ifndef ERRAND_DB_SQLITE_H
#define ERRAND_DB_SQLITE_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "db/engine.h"
#include "runtime/loop.h"

enum { SQLITE_CACHED_STATEMENTS = 128 };

struct sqlite_statement {
    sqlite3_stmt *handle;
    uint64_t hash;
    uint64_t last_used; /* on the connection's clock of uses */
    bool cached;
    bool busy;
};

struct sqlite_connection {
    struct db_connection base;
    sqlite3 *handle;
    struct sqlite_statement statements[SQLITE_CACHED_STATEMENTS];
    uint64_t uses;
};

extern const struct db_engine sqlite_engine;
EMBEDDED_FILES(embedded_migrations_sqlite);

/* sqlite_connection_open: opens `path`; ERROR_UNAVAILABLE with sqlite's message. */
int sqlite_connection_open(struct sqlite_connection **ret_connection, const char *path,
                           struct arena *arena, struct text *ret_message);
void sqlite_connection_close(struct sqlite_connection *connection);

int sqlite_query(struct db_connection *base, struct text sql, struct db_values values,
                 struct db_rows *ret_rows);
int sqlite_next(struct db_rows *rows);
void sqlite_end(struct db_rows *rows);
bool sqlite_is_null(const struct db_rows *rows, int column);
int64_t sqlite_integer(const struct db_rows *rows, int column);
struct text sqlite_text(const struct db_rows *rows, int column);
int sqlite_changes(const struct db_rows *rows);
int sqlite_script(struct db_connection *base, const char *sql);

/* sqlite_functions_register: gives `handle` our SQL functions. Returns SQLite's code. */
int sqlite_functions_register(sqlite3 *handle);

/* The writer: a thread, its connection, and the queue of writes. */
struct sqlite_writer;

/* sqlite_writer_create: takes over `connection`. `commits` is raised after every commit, before
 * anybody hears of it. ERROR_UNAVAILABLE when no thread can be had. */
int sqlite_writer_create(struct sqlite_writer **ret_writer, struct sqlite_connection *connection,
                         atomic_uint_fast64_t *commits);
void sqlite_writer_free(struct sqlite_writer *writer);
int sqlite_writer_run(struct sqlite_writer *writer, db_fn *fn, void *argument);
void sqlite_writer_statistics(struct sqlite_writer *writer, struct db_statistics *ret_statistics);

#endif
