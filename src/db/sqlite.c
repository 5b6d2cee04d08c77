/*
 * sqlite.c: reading, in place.
 *
 * Each loop has a connection of its own. A read runs on it right where it is asked for: SQLite in
 * WAL mode never waits for the writer, and a point read takes a microsecond or two. All reads of
 * one turn of the loop share a snapshot, which saves the locking of a transaction for each; it is
 * renewed as soon as a commit has landed, so that a client which has seen its write acknowledged
 * reads it back on any loop, and it ends with the turn, so that it never holds back a checkpoint.
 *
 * Heavy reads run on a small pool of threads, on connections kept in a list; so do reads from
 * outside a loop (the command line), in their own thread.
 */
#include "db/sqlite.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/fiber.h"
#include "runtime/offload.h"

enum {
    HEAVY_THREADS = 2,
    HEAVY_QUEUE_LIMIT = 256,
};

struct sqlite;

/* A loop's own connection; used by its thread only. */
struct reader {
    struct loop_hook hook;
    struct sqlite_connection *connection;
    uint64_t commits; /* landed when the snapshot was taken */
    bool in_snapshot;
};

/* A connection for whoever asks next. */
struct spare {
    struct spare *next;
    struct sqlite_connection *connection;
};

struct sqlite {
    struct db base;
    struct sqlite_writer *writer;
    atomic_uint_fast64_t commits;
    struct offload *heavy;
    pthread_mutex_t mutex; /* for `spares` */
    struct spare *spares;
    unsigned loops;
    struct reader readers[];
};

static int open_reader(const struct sqlite *sqlite, struct sqlite_connection **ret_connection)
{
    struct arena arena;
    arena_init(&arena);
    struct text message;
    int error = sqlite_connection_open(ret_connection, sqlite->base.path, &arena, &message);
    if (error < 0)
        log_error("%.*s", TEXT_ARGUMENTS(message));
    arena_release(&arena);
    return error;
}

static int64_t reader_end_turn(struct loop_hook *hook)
{
    struct reader *reader = (struct reader *)hook;
    if (reader->in_snapshot)
        db_execute(&reader->connection->base, TEXT("COMMIT"), DB_NO_VALUES);
    reader->in_snapshot = false;
    return LOOP_FOREVER;
}

static int reader_start(struct sqlite *sqlite, struct reader *reader)
{
    int error = open_reader(sqlite, &reader->connection);
    if (error < 0)
        return error;
    reader->hook.run = reader_end_turn;
    loop_hook_add(loop_current(), &reader->hook);
    return 0;
}

static int read_in_place(struct sqlite *sqlite, struct reader *reader, db_fn *fn, void *argument)
{
    if (reader->connection == NULL) {
        int error = reader_start(sqlite, reader);
        if (error < 0)
            return error;
    }
    /* Read before the snapshot is taken: it may be newer than the count says, never older. */
    uint64_t commits = atomic_load(&sqlite->commits);
    if (reader->in_snapshot && reader->commits != commits)
        reader_end_turn(&reader->hook);
    if (!reader->in_snapshot) {
        int error = db_execute(&reader->connection->base, TEXT("BEGIN"), DB_NO_VALUES);
        if (error < 0)
            return error;
        reader->in_snapshot = true;
        reader->commits = commits;
    }
    return fn(&reader->connection->base, argument);
}

static int spare_take(struct sqlite *sqlite, struct spare **ret_spare)
{
    pthread_mutex_lock(&sqlite->mutex);
    struct spare *spare = sqlite->spares;
    if (spare != NULL)
        sqlite->spares = spare->next;
    pthread_mutex_unlock(&sqlite->mutex);
    if (spare == NULL) {
        spare = memory_allocate(sizeof *spare);
        int error = open_reader(sqlite, &spare->connection);
        if (error < 0) {
            free(spare);
            return error;
        }
    }
    *ret_spare = spare;
    return 0;
}

static void spare_return(struct sqlite *sqlite, struct spare *spare)
{
    pthread_mutex_lock(&sqlite->mutex);
    spare->next = sqlite->spares;
    sqlite->spares = spare;
    pthread_mutex_unlock(&sqlite->mutex);
}

/* A read in a transaction of its own, on a connection that nobody else uses meanwhile. */
struct separate_read {
    struct sqlite *sqlite;
    db_fn *fn;
    void *argument;
    int result;
};

static void read_separately(void *argument)
{
    struct separate_read *read = argument;
    struct spare *spare;
    read->result = spare_take(read->sqlite, &spare);
    if (read->result < 0)
        return;
    struct db_connection *connection = &spare->connection->base;
    read->result = db_execute(connection, TEXT("BEGIN"), DB_NO_VALUES);
    if (read->result >= 0) {
        read->result = read->fn(connection, read->argument);
        db_execute(connection, TEXT("COMMIT"), DB_NO_VALUES);
    }
    spare_return(read->sqlite, spare);
}

static int sqlite_read(struct db *db, enum db_weight weight, db_fn *fn, void *argument)
{
    struct sqlite *sqlite = (struct sqlite *)db;
    struct loop *loop = loop_current();
    if (weight != DB_HEAVY && loop != NULL && loop_index(loop) < sqlite->loops)
        return read_in_place(sqlite, &sqlite->readers[loop_index(loop)], fn, argument);
    struct separate_read read = {.sqlite = sqlite, .fn = fn, .argument = argument};
    if (fiber_current() == NULL) {
        read_separately(&read);
        return read.result;
    }
    int error = offload_run(sqlite->heavy, read_separately, &read);
    return error < 0 ? error : read.result;
}

static int sqlite_write(struct db *db, db_fn *fn, void *argument)
{
    return sqlite_writer_run(((struct sqlite *)db)->writer, fn, argument);
}

static void sqlite_statistics(struct db *db, struct db_statistics *ret_statistics)
{
    sqlite_writer_statistics(((struct sqlite *)db)->writer, ret_statistics);
}

static void sqlite_close(struct db *db)
{
    struct sqlite *sqlite = (struct sqlite *)db;
    offload_free(sqlite->heavy);
    for (unsigned i = 0; i < sqlite->loops; i++)
        sqlite_connection_close(sqlite->readers[i].connection);
    while (sqlite->spares != NULL) {
        struct spare *spare = sqlite->spares;
        sqlite->spares = spare->next;
        sqlite_connection_close(spare->connection);
        free(spare);
    }
    sqlite_writer_free(sqlite->writer);
    pthread_mutex_destroy(&sqlite->mutex);
    free((char *)sqlite->base.path);
    free(sqlite);
}

int sqlite_open(struct db **ret_db, const char *path, unsigned loops, struct arena *arena,
                struct text *ret_message)
{
    struct sqlite_connection *connection;
    int error = sqlite_connection_open(&connection, path, arena, ret_message);
    if (error < 0)
        return error;
    struct sqlite *sqlite = memory_allocate(sizeof *sqlite + loops * sizeof sqlite->readers[0]);
    sqlite->base = (struct db){&sqlite_engine, memory_copy_string(path)};
    sqlite->loops = loops;
    pthread_mutex_init(&sqlite->mutex, NULL);
    sqlite->heavy = offload_create(&(struct offload_options){
        .name = "errand-read", .threads = HEAVY_THREADS, .queue_limit = HEAVY_QUEUE_LIMIT});
    error = sqlite_writer_create(&sqlite->writer, connection, &sqlite->commits);
    if (error < 0) {
        *ret_message = TEXT("cannot start the database's writer thread");
        sqlite_connection_close(connection);
        sqlite_close(&sqlite->base);
        return error;
    }
    *ret_db = &sqlite->base;
    return 0;
}

const struct db_engine sqlite_engine = {
    .name = "sqlite",
    .migrations = embedded_migrations_sqlite,
    .migration_count = &embedded_migrations_sqlite_count,
    .close = sqlite_close,
    .read = sqlite_read,
    .write = sqlite_write,
    .statistics = sqlite_statistics,
    .query = sqlite_query,
    .next = sqlite_next,
    .end = sqlite_end,
    .is_null = sqlite_is_null,
    .integer = sqlite_integer,
    .text = sqlite_text,
    .changes = sqlite_changes,
    .script = sqlite_script,
};
