/*
 * sqlite_writer.c: group commit.
 *
 *   fibers ──> queue ──> writer thread:  BEGIN IMMEDIATE
 *                                          SAVEPOINT, fn, RELEASE   for everyone who waits
 *                                          ...                      (ROLLBACK TO when fn fails)
 *                                        COMMIT                     one fsync for all of them
 *              <── woken, each with the result of its own fn
 *
 * While one commit waits for the disk the next ones gather, so the more write at once, the more
 * share the price. Nobody is woken before the commit is durable. If the commit fails, none of its
 * writes has happened and all of them hear ERROR_UNAVAILABLE.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "db/sqlite.h"
#include "runtime/wait.h"

enum {
    QUEUE_LIMIT = 8192,
    BATCH_LIMIT = 512, /* writes that one commit carries at most: bounds what a failed one loses */
};

/* One write, on the stack of its waiter. */
struct write {
    struct write *next;
    db_fn *fn;
    void *argument;
    int result;
    struct completion completion;
};

struct sqlite_writer {
    struct sqlite_connection *connection;
    atomic_uint_fast64_t *commits;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct write *first;
    struct write *last;
    uint64_t queued;
    uint64_t writes;
    bool stopping;
};

static int run_sql(struct sqlite_writer *writer, struct text sql)
{
    return db_execute(&writer->connection->base, sql, DB_NO_VALUES);
}

/* One write inside the batch's transaction. Its failure undoes itself alone; a negative return
 * means that the whole transaction is lost. */
static int run_one(struct sqlite_writer *writer, struct write *write)
{
    int error = run_sql(writer, TEXT("SAVEPOINT one"));
    if (error < 0)
        return error;
    write->result = write->fn(&writer->connection->base, write->argument);
    if (write->result < 0) {
        /* Some errors (a full disk) end the transaction; then this fails and the batch with it. */
        error = run_sql(writer, TEXT("ROLLBACK TO one"));
        if (error < 0)
            return error;
    }
    return run_sql(writer, TEXT("RELEASE one"));
}

static int run_batch(struct sqlite_writer *writer, struct write *batch)
{
    int error = run_sql(writer, TEXT("BEGIN IMMEDIATE"));
    if (error < 0)
        return error;
    for (struct write *write = batch; write != NULL && error >= 0; write = write->next)
        error = run_one(writer, write);
    if (error >= 0)
        error = run_sql(writer, TEXT("COMMIT"));
    if (error < 0 && sqlite3_get_autocommit(writer->connection->handle) == 0)
        run_sql(writer, TEXT("ROLLBACK"));
    return error;
}

/* The batch to commit next: all that waits, within BATCH_LIMIT. NULL when the writer is to end. */
static struct write *take_batch(struct sqlite_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    while (writer->first == NULL && !writer->stopping)
        pthread_cond_wait(&writer->changed, &writer->mutex);
    struct write *batch = writer->first;
    struct write *end = batch;
    uint64_t taken = batch == NULL ? 0 : 1;
    while (end != NULL && end->next != NULL && taken < BATCH_LIMIT) {
        end = end->next;
        taken++;
    }
    if (end != NULL) {
        writer->first = end->next;
        end->next = NULL;
    }
    writer->queued -= taken;
    writer->writes += taken;
    pthread_mutex_unlock(&writer->mutex);
    return batch;
}

static void *writer_main(void *argument)
{
    struct sqlite_writer *writer = argument;
    struct write *batch;
    while ((batch = take_batch(writer)) != NULL) {
        int error = run_batch(writer, batch);
        if (error >= 0)
            atomic_fetch_add(writer->commits, 1);
        while (batch != NULL) {
            struct write *next = batch->next; /* the write is gone once its waiter is woken */
            completion_signal(&batch->completion, error < 0 ? ERROR_UNAVAILABLE : batch->result);
            batch = next;
        }
    }
    return NULL;
}

int sqlite_writer_create(struct sqlite_writer **ret_writer, struct sqlite_connection *connection,
                         atomic_uint_fast64_t *commits)
{
    struct sqlite_writer *writer = memory_allocate(sizeof *writer);
    writer->connection = connection;
    writer->commits = commits;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->changed, NULL);
    if (pthread_create(&writer->thread, NULL, writer_main, writer) != 0) {
        free(writer);
        return ERROR_UNAVAILABLE;
    }
    pthread_setname_np(writer->thread, "errand-writer");
    *ret_writer = writer;
    return 0;
}

void sqlite_writer_free(struct sqlite_writer *writer)
{
    if (writer == NULL)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    sqlite_connection_close(writer->connection);
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

int sqlite_writer_run(struct sqlite_writer *writer, db_fn *fn, void *argument)
{
    struct write write = {.fn = fn, .argument = argument};
    pthread_mutex_lock(&writer->mutex);
    if (writer->queued >= QUEUE_LIMIT) {
        pthread_mutex_unlock(&writer->mutex);
        return ERROR_BUSY;
    }
    completion_init(&write.completion);
    bool was_empty = writer->first == NULL;
    if (was_empty)
        writer->first = &write;
    else
        writer->last->next = &write;
    writer->last = &write;
    writer->queued++;
    if (was_empty)
        pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->mutex);
    return wait_done(&write.completion);
}

void sqlite_writer_statistics(struct sqlite_writer *writer, struct db_statistics *ret_statistics)
{
    pthread_mutex_lock(&writer->mutex);
    *ret_statistics = (struct db_statistics){
        .commits = atomic_load(writer->commits),
        .writes = writer->writes,
        .queued = writer->queued,
        .queue_limit = QUEUE_LIMIT,
    };
    pthread_mutex_unlock(&writer->mutex);
}
