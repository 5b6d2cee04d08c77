/*
 * postgres.h: the parts of the PostgreSQL engine. Only postgres*.c include it.
 *
 *   postgres.c             transactions: begin, commit, and trying again
 *   postgres_url.c         DATABASE_URL into what libpq wants
 *   postgres_pool.c        connections, a bounded number for each loop, and who waits for one
 *   postgres_connection.c  one connection: statements out, results in, without blocking the loop
 *   postgres_shared.c      one connection more of a loop, for single reads of many fibers
 *   postgres_statement.c   the statements that a connection has prepared
 *   postgres_error.c       what an error of the server means to us
 *   postgres_line.c        news to other processes, over a connection apart
 */
#ifndef ERRAND_DB_POSTGRES_H
#define ERRAND_DB_POSTGRES_H

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "db/engine.h"
#include "runtime/carrier.h"
#include "runtime/offload.h"
#include "runtime/wait.h"

enum {
    POSTGRES_STATEMENTS = 256,
    POSTGRES_VALUES = 256,
    POSTGRES_WAITING_LIMIT = 1024, /* for a connection of one pool */
    POSTGRES_DIGITS = 24,          /* of an integer, with sign and NUL */
};

/* How long an answer may take, beyond the server's own statement_timeout: from then on it is taken
 * for dead. */
#define POSTGRES_PATIENCE (35 * CLOCK_SECOND)

/* How the transaction that a connection is in stands. */
enum postgres_state {
    POSTGRES_WELL,
    POSTGRES_FAILED,   /* a statement failed: only ROLLBACK is left */
    POSTGRES_REPEATED, /* likewise, and the same work may succeed if it is done again */
    POSTGRES_LOST,     /* the connection is gone or out of step */
};

struct postgres_statement {
    char *sql; /* NULL: an empty place */
    size_t length;
    uint64_t hash;
    uint64_t last_used;
    uint64_t number; /* its name on the server */
    bool prepared;   /* the server has said so */
};

struct postgres;
struct postgres_pool;
struct postgres_shared;

/* What the functions of db.h are given: the beginning of a connection, or of a single read. */
struct postgres_seat {
    struct db_connection base;
    struct postgres_shared *shared; /* NULL: a connection of its own */
};

struct postgres_connection {
    struct postgres_seat seat;
    struct postgres_connection *next; /* in the pool's list */
    struct postgres_pool *pool;
    PGconn *handle; /* NULL: not open */
    int64_t used_at;

    enum postgres_state state;
    int error;         /* of the statement that failed, in any state but POSTGRES_WELL */
    struct text begin; /* goes before the next statement; null when the transaction has begun */
    bool begun;
    unsigned unread; /* answers that nobody has waited for, each group with its sync */

    uint64_t uses;
    uint64_t numbers;
    struct postgres_statement statements[POSTGRES_STATEMENTS];

    /* The values of the statement that is being sent. */
    const char *values[POSTGRES_VALUES];
    int lengths[POSTGRES_VALUES];
    int formats[POSTGRES_VALUES];
    Oid types[POSTGRES_VALUES];
    char digits[POSTGRES_VALUES][POSTGRES_DIGITS];
};

struct postgres_waiter;

struct postgres_pool {
    struct postgres *owner;
    pthread_mutex_t mutex;
    struct postgres_connection *idle; /* last used first, closed ones last */
    struct postgres_waiter *first;    /* of those who wait, first come first */
    struct postgres_waiter *last;
    size_t waiting;
    struct postgres_connection *connections;
    struct postgres_shared *shared; /* NULL for the threads that have no loop */
};

/* What a URL says. */
struct postgres_settings {
    const char **keywords; /* libpq's, ended by NULL */
    const char **values;
    size_t pool_size;
    PQconninfoOption *parsed; /* owns the texts */
};

struct postgres {
    struct db base;
    struct postgres_settings settings;
    struct offload *connectors;
    atomic_int_fast64_t down_until; /* no connection is tried before; clock_monotonic() */
    atomic_bool is_down;            /* the log has it */
    atomic_uint_fast64_t commits;
    atomic_uint_fast64_t writes; /* those that failed included */
    atomic_uint_fast64_t waiting;
    unsigned loops;
    struct postgres_pool pools[]; /* one a loop, and the last for everybody else */
};

EMBEDDED_FILES(embedded_migrations_postgres);

/* postgres_settings_parse: ERROR_INVALID when `url` is none of PostgreSQL's. */
int postgres_settings_parse(struct postgres_settings *settings, const char *url);
void postgres_settings_release(struct postgres_settings *settings);

struct carrier_line *postgres_line_create(struct db *db);

void postgres_pool_init(struct postgres_pool *pool, struct postgres *owner);
void postgres_pool_release(struct postgres_pool *pool);

/* postgres_pool_take: an open connection; `again` when one has just been found dead, so that those
 * that were used a moment ago are looked at too. ERROR_BUSY when too many wait or the wait was too
 * long, ERROR_UNAVAILABLE when there is no server. */
int postgres_pool_take(struct postgres_pool *pool, bool again,
                       struct postgres_connection **ret_connection);

/* postgres_pool_return: closes it first when it is POSTGRES_LOST. */
void postgres_pool_return(struct postgres_connection *connection);

/* postgres_connection_open: blocks; on a thread of `connectors` in a fiber. */
int postgres_connection_open(struct postgres_connection *connection, char *message,
                             size_t message_size);
void postgres_connection_close(struct postgres_connection *connection);

/* postgres_connection_is_alive: whether the server has not hung up meanwhile. */
bool postgres_connection_is_alive(struct postgres_connection *connection);

/* postgres_connection_queue: a statement with what has to precede it, short of the sync; how many
 * results there will be, each with its end. */
int postgres_connection_queue(struct postgres_connection *connection, struct text sql,
                              struct db_values values, struct postgres_statement **ret_statement);

/* postgres_connection_run: one statement; its result to be cleared with PQclear. */
int postgres_connection_run(struct postgres_connection *connection, struct text sql,
                            struct db_values values, PGresult **ret_result);

/* postgres_connection_rollback: ends a transaction that failed or is given up. */
void postgres_connection_rollback(struct postgres_connection *connection);

/* postgres_connection_leave: ends a transaction that only read, without waiting for the answer. */
void postgres_connection_leave(struct postgres_connection *connection);

int postgres_connection_script(struct postgres_connection *connection, const char *sql);

/* postgres_shared_create: for the loop of that pool. postgres_shared_free: once the loop is gone;
 * takes NULL. */
struct postgres_shared *postgres_shared_create(struct postgres_pool *pool);
void postgres_shared_free(struct postgres_shared *shared);

/* postgres_shared_read: runs `fn` with a connection whose statements go out among those of others,
 * with no transaction around them. In a fiber of the loop. False when there is no such connection
 * now, or it broke meanwhile: then the read is to be done by another one. */
bool postgres_shared_read(struct postgres_shared *shared, db_fn *fn, void *argument,
                          int *ret_result);

/* postgres_shared_run: one statement of such a read; see postgres_connection_run. */
int postgres_shared_run(struct postgres_seat *seat, struct text sql, struct db_values values,
                        PGresult **ret_result);

/* postgres_statement_take: the place of `sql`, which may have to be prepared; `ret_evicted` is the
 * number of the statement that had to make room, or 0. */
struct postgres_statement *postgres_statement_take(struct postgres_connection *connection,
                                                   struct text sql, uint64_t *ret_evicted);
void postgres_statements_clear(struct postgres_connection *connection);

/* postgres_fail: notes what a failed result means for the connection; logs what nobody can mend. */
void postgres_fail(struct postgres_connection *connection, const PGresult *result, struct text sql);

/* postgres_lose: the connection is gone, or nobody knows what it is at. Returns connection->error.
 */
int postgres_lose(struct postgres_connection *connection, int error, const char *reason);

#endif
