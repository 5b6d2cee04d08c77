/*
 * postgres.c: transactions over connections of a pool.
 *
 * Each loop has a pool, so that connections stay with one thread; a last one serves the threads
 * that have no loop. A transaction runs where it is asked for, in the fiber, which parks while the
 * server works. BEGIN travels with the first statement (postgres_connection.c).
 *
 * A single read needs no transaction: those of all fibers of a loop go over one connection, one
 * behind the other (postgres_shared.c).
 *
 * Writes are READ COMMITTED: whoever changes a row that it has read before locks it as it reads
 * (DB_FOR_UPDATE), so that waiting takes the place of failing. What the server breaks off in favour
 * of another (a deadlock, a serialization failure) is done again after a pause, and so is what was
 * lost with a connection before COMMIT was sent. Once it was sent nobody knows what became of it:
 * the caller hears ERROR_UNAVAILABLE.
 */
#include "db/postgres.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"

enum {
    CONNECTORS = 4,
    CONNECTORS_QUEUE = 1024,
    LOST_LIMIT = 3,      /* times that a transaction is begun anew after its connection broke */
    REPEATED_LIMIT = 12, /* and after it gave way to another */
    MESSAGE_SIZE = 512,
};

static const struct text begin_read = {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 47};
static const struct text begin_write = {"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", 47};

static struct postgres_pool *pool_of(struct postgres *postgres)
{
    const struct loop *loop = loop_current();
    unsigned index = loop == NULL ? postgres->loops : loop_index(loop);
    return &postgres->pools[index < postgres->loops ? index : postgres->loops];
}

static void start(struct postgres_connection *connection, struct text begin)
{
    connection->state = POSTGRES_WELL;
    connection->error = 0;
    connection->begin = begin;
    connection->begun = false;
}

static int commit(struct postgres_connection *connection)
{
    struct postgres *postgres = connection->pool->owner;
    PGresult *result = NULL;
    int error = postgres_connection_run(connection, TEXT("COMMIT"), DB_NO_VALUES, &result);
    if (error >= 0 && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        log_error("database: a transaction was not committed");
        error = ERROR_INTERNAL;
    }
    PQclear(result);
    if (error >= 0)
        atomic_fetch_add(&postgres->commits, 1);
    else if (connection->state == POSTGRES_LOST)
        log_error("database: the connection was lost during a commit; whether it was made is not "
                  "known");
    return error;
}

/* One attempt at a write. `ret_again` tells whether another may follow. */
static int try_write(struct postgres_connection *connection, db_fn *fn, void *argument,
                     enum postgres_state *ret_state)
{
    start(connection, begin_write);
    connection->seat.base.locks_rows = true;
    int result = fn(&connection->seat.base, argument);
    if (connection->state != POSTGRES_WELL && result >= 0)
        result = connection->error; /* nothing can be kept after an error */
    if (result < 0) {
        *ret_state = connection->state;
        postgres_connection_rollback(connection);
        return result;
    }
    if (!connection->begun)
        return result;
    int error = commit(connection);
    *ret_state = connection->state == POSTGRES_LOST ? POSTGRES_FAILED : connection->state;
    if (error < 0)
        postgres_connection_rollback(connection);
    return error < 0 ? error : result;
}

/* Waits before the next attempt, or tells that there is none: a server that has not answered until
 * then is not waited for once more. */
static bool may_repeat(enum postgres_state state, unsigned attempt, int64_t until)
{
    if ((state != POSTGRES_LOST && state != POSTGRES_REPEATED) || clock_monotonic() >= until)
        return false;
    unsigned limit = state == POSTGRES_LOST ? LOST_LIMIT : REPEATED_LIMIT;
    if (attempt >= limit)
        return false;
    if (state == POSTGRES_LOST)
        return true;
    uint64_t range = UINT64_C(1) << (attempt < 6 ? attempt : 6);
    int64_t pause = (int64_t)(random_integer() % (range * CLOCK_MILLISECOND));
    wait_timer(clock_monotonic() + pause); /* who is cancelled tries again at once */
    return true;
}

static int postgres_write(struct db *db, db_fn *fn, void *argument)
{
    struct postgres_pool *pool = pool_of((struct postgres *)db);
    enum postgres_state state = POSTGRES_WELL;
    int64_t until = clock_monotonic() + POSTGRES_PATIENCE;
    unsigned attempt = 0;
    int result;
    do {
        struct postgres_connection *connection;
        int error = postgres_pool_take(pool, attempt > 0, &connection);
        if (error < 0)
            return error;
        state = POSTGRES_WELL;
        result = try_write(connection, fn, argument, &state);
        postgres_pool_return(connection);
    } while (result < 0 && may_repeat(state, ++attempt, until));
    atomic_fetch_add(&pool->owner->writes, 1);
    return result;
}

static int postgres_read(struct db *db, enum db_weight weight, db_fn *fn, void *argument)
{
    struct postgres_pool *pool = pool_of((struct postgres *)db);
    enum postgres_state state;
    int64_t until = clock_monotonic() + POSTGRES_PATIENCE;
    unsigned attempt = 0;
    int result;
    if (weight == DB_SINGLE && postgres_shared_read(pool->shared, fn, argument, &result))
        return result;
    if (clock_monotonic() >= until)
        return ERROR_UNAVAILABLE;
    do {
        struct postgres_connection *connection;
        int error = postgres_pool_take(pool, attempt > 0, &connection);
        if (error < 0)
            return error;
        start(connection, weight == DB_SINGLE ? TEXT_NULL : begin_read);
        connection->seat.base.locks_rows = false;
        result = fn(&connection->seat.base, argument);
        state = connection->state;
        if (state != POSTGRES_WELL && result >= 0)
            result = connection->error;
        postgres_connection_leave(connection);
        postgres_pool_return(connection);
    } while (result < 0 && may_repeat(state, ++attempt, until));
    return result;
}

static void postgres_statistics(struct db *db, struct db_statistics *ret_statistics)
{
    struct postgres *postgres = (struct postgres *)db;
    *ret_statistics = (struct db_statistics){
        .commits = atomic_load(&postgres->commits),
        .writes = atomic_load(&postgres->writes),
        .queued = atomic_load(&postgres->waiting),
        .queue_limit = (uint64_t)POSTGRES_WAITING_LIMIT * (postgres->loops + 1),
    };
}

static void postgres_close(struct db *db)
{
    struct postgres *postgres = (struct postgres *)db;
    offload_free(postgres->connectors);
    for (unsigned i = 0; i <= postgres->loops; i++)
        postgres_pool_release(&postgres->pools[i]);
    postgres_settings_release(&postgres->settings);
    free(postgres);
}

/* Results. */

static int postgres_query(struct db_connection *base, struct text sql, struct db_values values,
                          struct db_rows *ret_rows)
{
    struct postgres_seat *seat = (struct postgres_seat *)base;
    PGresult *result = NULL;
    int error = seat->shared != NULL ? postgres_shared_run(seat, sql, values, &result)
                                     : postgres_connection_run((struct postgres_connection *)base,
                                                               sql, values, &result);
    if (error < 0)
        return error;
    *ret_rows = (struct db_rows){base, result, -1};
    return 0;
}

static int postgres_next(struct db_rows *rows)
{
    if (rows->row + 1 >= PQntuples(rows->statement))
        return 0;
    rows->row++;
    return 1;
}

static void postgres_end(struct db_rows *rows)
{
    PQclear(rows->statement);
}

static bool postgres_is_null(const struct db_rows *rows, int column)
{
    return PQgetisnull(rows->statement, rows->row, column) == 1;
}

/* A truth value counts as 1 or 0, as it does in SQLite. */
static int64_t postgres_integer(const struct db_rows *rows, int column)
{
    const char *value = PQgetvalue(rows->statement, rows->row, column);
    return value[0] == 't' ? 1 : strtoll(value, NULL, 10);
}

static struct text postgres_text(const struct db_rows *rows, int column)
{
    if (postgres_is_null(rows, column))
        return TEXT_NULL;
    return (struct text){PQgetvalue(rows->statement, rows->row, column),
                         (size_t)PQgetlength(rows->statement, rows->row, column)};
}

static int postgres_changes(const struct db_rows *rows)
{
    return (int)strtol(PQcmdTuples(rows->statement), NULL, 10);
}

static int postgres_script(struct db_connection *base, const char *sql)
{
    return postgres_connection_script((struct postgres_connection *)base, sql);
}

/* A server that is not there is told at once. */
static int check(struct postgres *postgres, struct arena *arena, struct text *ret_message)
{
    struct postgres_connection *connection = postgres->pools[postgres->loops].idle;
    char message[MESSAGE_SIZE];
    int error = postgres_connection_open(connection, message, sizeof message);
    if (error < 0)
        *ret_message = arena_format(arena, "cannot open the database: %s", message);
    return error;
}

int postgres_open(struct db **ret_db, const char *url, unsigned loops, struct arena *arena,
                  struct text *ret_message)
{
    struct postgres_settings settings;
    if (postgres_settings_parse(&settings, url) < 0) {
        *ret_message = TEXT("DATABASE_URL must be of the form "
                            "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with options of libpq "
                            "or pool_size=NUMBER (of connections) behind a ?");
        return ERROR_INVALID;
    }
    struct postgres *postgres =
        memory_allocate(sizeof *postgres + (loops + 1) * sizeof postgres->pools[0]);
    postgres->base = (struct db){&postgres_engine, NULL};
    postgres->settings = settings;
    postgres->loops = loops;
    postgres->connectors = offload_create(&(struct offload_options){
        .name = "errand-connect", .threads = CONNECTORS, .queue_limit = CONNECTORS_QUEUE});
    for (unsigned i = 0; i <= loops; i++)
        postgres_pool_init(&postgres->pools[i], postgres);
    for (unsigned i = 0; i < loops; i++)
        postgres->pools[i].shared = postgres_shared_create(&postgres->pools[i]);
    int error = check(postgres, arena, ret_message);
    if (error < 0) {
        postgres_close(&postgres->base);
        return error;
    }
    *ret_db = &postgres->base;
    return 0;
}

const struct db_engine postgres_engine = {
    .name = "postgres",
    .lock = "SELECT pg_advisory_xact_lock(7310034118204611)",
    .migrations = embedded_migrations_postgres,
    .migration_count = &embedded_migrations_postgres_count,
    .close = postgres_close,
    .read = postgres_read,
    .write = postgres_write,
    .line = postgres_line_create,
    .statistics = postgres_statistics,
    .query = postgres_query,
    .next = postgres_next,
    .end = postgres_end,
    .is_null = postgres_is_null,
    .integer = postgres_integer,
    .text = postgres_text,
    .changes = postgres_changes,
    .script = postgres_script,
};
