/*
 * postgres_pool.c: a bounded number of connections, and a queue of those who wait for one.
 *
 * A pool has all its connections from the start, most of them not open yet: who is given a closed
 * one opens it. Whoever returns a connection hands it to the one who has waited longest. When a
 * connection cannot be opened nobody tries again for a moment, and everybody hears so at once.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "db/postgres.h"

enum { MESSAGE_SIZE = 512 };

#define WAIT_LIMIT (5 * CLOCK_SECOND)
#define DOWN_PAUSE (CLOCK_SECOND / 4)
#define TRUSTED_FOR CLOCK_SECOND /* after its last use a connection is taken to be alive */

struct postgres_waiter {
    struct postgres_waiter *next;
    struct postgres_connection *connection;
    struct completion completion;
};

void postgres_pool_init(struct postgres_pool *pool, struct postgres *owner)
{
    size_t size = owner->settings.pool_size;
    *pool = (struct postgres_pool){.owner = owner};
    pthread_mutex_init(&pool->mutex, NULL);
    pool->connections = memory_allocate_array(size, sizeof *pool->connections);
    for (size_t i = 0; i < size; i++) {
        struct postgres_connection *connection = &pool->connections[i];
        connection->seat.base.engine = &postgres_engine;
        connection->pool = pool;
        connection->next = pool->idle;
        pool->idle = connection;
    }
}

void postgres_pool_release(struct postgres_pool *pool)
{
    for (size_t i = 0; i < pool->owner->settings.pool_size; i++)
        postgres_connection_close(&pool->connections[i]);
    postgres_shared_free(pool->shared);
    free(pool->connections);
    pthread_mutex_destroy(&pool->mutex);
}

/* Takes an idle connection, or else gets in line; false when the line is too long. */
static bool take_or_wait(struct postgres_pool *pool, struct postgres_waiter *waiter)
{
    pthread_mutex_lock(&pool->mutex);
    waiter->connection = pool->idle;
    bool fits = waiter->connection != NULL || pool->waiting < POSTGRES_WAITING_LIMIT;
    if (waiter->connection != NULL) {
        pool->idle = waiter->connection->next;
    } else if (fits) {
        completion_init(&waiter->completion);
        if (pool->first == NULL)
            pool->first = waiter;
        else
            pool->last->next = waiter;
        pool->last = waiter;
        pool->waiting++;
        atomic_fetch_add(&pool->owner->waiting, 1);
    }
    pthread_mutex_unlock(&pool->mutex);
    return fits;
}

/* Takes the first waiter out of the line. With the mutex held. */
static struct postgres_waiter *next_waiter(struct postgres_pool *pool)
{
    struct postgres_waiter *waiter = pool->first;
    if (waiter != NULL) {
        pool->first = waiter->next;
        pool->waiting--;
        atomic_fetch_sub(&pool->owner->waiting, 1);
    }
    return waiter;
}

/* Whether the waiter could still leave the line; otherwise a connection is on its way to it. */
static bool leave_line(struct postgres_pool *pool, const struct postgres_waiter *waiter)
{
    pthread_mutex_lock(&pool->mutex);
    struct postgres_waiter *before = NULL;
    struct postgres_waiter *at = pool->first;
    while (at != NULL && at != waiter) {
        before = at;
        at = at->next;
    }
    if (at != NULL) {
        if (before == NULL)
            pool->first = at->next;
        else
            before->next = at->next;
        if (pool->last == at)
            pool->last = before;
        pool->waiting--;
        atomic_fetch_sub(&pool->owner->waiting, 1);
    }
    pthread_mutex_unlock(&pool->mutex);
    return at != NULL;
}

static int wait_in_line(struct postgres_pool *pool, struct postgres_waiter *waiter)
{
    int error = wait_done_firmly(&waiter->completion, clock_monotonic() + WAIT_LIMIT);
    if (error >= 0)
        return 0;
    if (leave_line(pool, waiter))
        return ERROR_BUSY;
    return wait_done(&waiter->completion);
}

/* The log hears of it when the server goes and when it comes back. */
static int open_one(struct postgres *postgres, struct postgres_connection *connection)
{
    if (clock_monotonic() < atomic_load(&postgres->down_until))
        return ERROR_UNAVAILABLE;
    char message[MESSAGE_SIZE];
    int error = postgres_connection_open(connection, message, sizeof message);
    if (error < 0) {
        atomic_store(&postgres->down_until, clock_monotonic() + DOWN_PAUSE);
        if (!atomic_exchange(&postgres->is_down, true))
            log_error("database: %s", message);
        return error;
    }
    if (atomic_exchange(&postgres->is_down, false))
        log_info("database: connected again");
    return 0;
}

static int make_ready(struct postgres_connection *connection, bool again)
{
    bool doubtful = again || clock_monotonic() - connection->used_at > TRUSTED_FOR;
    if (connection->handle != NULL && doubtful && !postgres_connection_is_alive(connection))
        postgres_connection_close(connection);
    return connection->handle != NULL ? 0 : open_one(connection->pool->owner, connection);
}

int postgres_pool_take(struct postgres_pool *pool, bool again,
                       struct postgres_connection **ret_connection)
{
    struct postgres_waiter waiter = {0};
    if (!take_or_wait(pool, &waiter))
        return ERROR_BUSY;
    int error = waiter.connection != NULL ? 0 : wait_in_line(pool, &waiter);
    if (error < 0)
        return error;
    error = make_ready(waiter.connection, again);
    if (error < 0) {
        postgres_pool_return(waiter.connection);
        return error;
    }
    *ret_connection = waiter.connection;
    return 0;
}

void postgres_pool_return(struct postgres_connection *connection)
{
    struct postgres_pool *pool = connection->pool;
    if (connection->state == POSTGRES_LOST)
        postgres_connection_close(connection);
    connection->used_at = clock_monotonic();
    pthread_mutex_lock(&pool->mutex);
    struct postgres_waiter *waiter = next_waiter(pool);
    if (waiter != NULL) {
        waiter->connection = connection;
    } else {
        struct postgres_connection **place = &pool->idle;
        while (connection->handle == NULL && *place != NULL)
            place = &(*place)->next;
        connection->next = *place;
        *place = connection;
    }
    pthread_mutex_unlock(&pool->mutex);
    if (waiter != NULL)
        completion_signal(&waiter->completion, 0);
}
