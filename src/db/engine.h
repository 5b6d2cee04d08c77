/*
 * engine.h: what an engine implements. Only files of this folder include it.
 *
 * An engine's struct starts with a struct db, and its connection with a struct db_connection.
 */
#ifndef ERRAND_DB_ENGINE_H
#define ERRAND_DB_ENGINE_H

#include "base/embed.h"
#include "db/db.h"

struct db_engine {
    const char *name;
    const char *lock; /* a query that keeps migrations of other processes out; NULL: no need */
    const struct embedded_file *migrations;
    const size_t *migration_count;

    void (*close)(struct db *db);
    int (*read)(struct db *db, enum db_weight weight, db_fn *fn, void *argument);
    int (*write)(struct db *db, db_fn *fn, void *argument);
    struct carrier_line *(*line)(struct db *db); /* NULL: none */
    void (*statistics)(struct db *db, struct db_statistics *ret_statistics);

    int (*query)(struct db_connection *connection, struct text sql, struct db_values values,
                 struct db_rows *ret_rows);
    int (*next)(struct db_rows *rows);
    void (*end)(struct db_rows *rows);
    bool (*is_null)(const struct db_rows *rows, int column);
    int64_t (*integer)(const struct db_rows *rows, int column);
    struct text (*text)(const struct db_rows *rows, int column);
    int (*changes)(const struct db_rows *rows);
    int (*script)(struct db_connection *connection, const char *sql);
};

extern const struct db_engine postgres_engine;

struct db {
    const struct db_engine *engine;
    const char *path; /* of an embedded database */
};

struct db_connection {
    const struct db_engine *engine;
    bool locks_rows; /* a write on an engine where several go on at a time */
};

/* sqlite_open: see db_open; `path` is the file. */
int sqlite_open(struct db **ret_db, const char *path, unsigned loops, struct arena *arena,
                struct text *ret_message);

/* postgres_open: likewise; `url` is one that starts with postgres. */
int postgres_open(struct db **ret_db, const char *url, unsigned loops, struct arena *arena,
                  struct text *ret_message);

#endif
