#include "domain/feed.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "domain/audit_seal.h"
#include "domain/event_gap.h"
#include "runtime/background.h"
#include "runtime/wake.h"

enum {
    BATCH = 100,        /* rows whose messages are made at a time */
    LOOK_AHEAD = 10000, /* rows that are looked at for gaps at a time */
};

#define LOOK_INTERVAL (CLOCK_SECOND / 5) /* at what no news came of */
#define IDLE_INTERVAL (CLOCK_SECOND / 2) /* while nobody listens */
#define RETRY_DELAY CLOCK_SECOND         /* after a failure */

struct feed {
    struct services *services;
    struct wake_listener on_events;
    pthread_mutex_t mutex;
    struct background *background; /* under the mutex; NULL when it does not run */
    feed_receiver *receive;
    void *argument;
    struct event_gap gap;
    int64_t position;
    atomic_int listeners;
};

void feed_batch_hold(struct feed_batch *batch)
{
    atomic_fetch_add(&batch->references, 1);
}

void feed_batch_release(struct feed_batch *batch)
{
    if (atomic_fetch_sub(&batch->references, 1) != 1)
        return;
    arena_release(&batch->arena);
    free(batch);
}

struct look {
    struct feed *feed;
    struct feed_batch *batch;
};

static int find_last(struct db_connection *connection, int64_t *ret_seq)
{
    return db_query_integer(connection, TEXT("SELECT coalesce(max(seq), 0) FROM events"),
                            DB_NO_VALUES, ret_seq);
}

static int find_limit(struct db_connection *connection, struct event_gap *gap, int64_t position,
                      int64_t *ret_limit)
{
    int error = event_gap_find_limit(connection, gap, position, LOOK_AHEAD, ret_limit);
    return error < 0 || *ret_limit < INT64_MAX ? error : find_last(connection, ret_limit);
}

int feed_find_end(struct db_connection *connection, int64_t position, int64_t *ret_end)
{
    struct event_gap gap = {0};
    return find_limit(connection, &gap, position, ret_end);
}

static int run_look(struct db_connection *connection, void *argument)
{
    const struct look *look = argument;
    struct feed *feed = look->feed;
    struct feed_batch *batch = look->batch;
    arena_release(&batch->arena);
    batch->is_whole = atomic_load(&feed->listeners) > 0;
    int64_t limit = feed->position;
    int error = find_limit(connection, &feed->gap, feed->position, &limit);
    if (error >= 0 && batch->is_whole)
        error = feed_read(connection, &batch->arena, feed->position, limit, BATCH, &batch->part);
    if (error >= 0)
        batch->position = batch->is_whole ? batch->part.last : limit;
    return error < 0 ? error : 0;
}

/* One batch: 1 when there may be more, 0 when that was all, or an error. */
static int look(struct feed *feed)
{
    struct feed_batch *batch = memory_allocate(sizeof *batch);
    atomic_store(&batch->references, 1);
    arena_init(&batch->arena);
    struct look call = {feed, batch};
    int result = db_read(feed->services->db, DB_HEAVY, run_look, &call);
    if (result >= 0 && batch->position > feed->position) {
        feed->position = batch->position;
        feed->receive(feed->argument, batch);
        result = 1;
    }
    feed_batch_release(batch);
    return result;
}

static int64_t follow(void *argument, const atomic_bool *stop)
{
    struct feed *feed = argument;
    int result = 1;
    while (result > 0 && !atomic_load(stop))
        result = look(feed);
    if (result < 0) {
        log_error("changes cannot be read: %s; trying again", error_text(result));
        return RETRY_DELAY;
    }
    return atomic_load(&feed->listeners) > 0 ? LOOK_INTERVAL : IDLE_INTERVAL;
}

/* Where to begin: at the end of the log or, where rows may still appear before it, no later than
 * that. The seal is never far behind. */
static int run_begin(struct db_connection *connection, void *argument)
{
    int64_t *position = argument;
    if (!db_is_postgres(connection))
        return find_last(connection, position);
    return db_query_integer(
        connection, TEXT("SELECT coalesce(max(position), 0) FROM followers WHERE name = $1"),
        DB_VALUES(db_text(TEXT(AUDIT_SEAL_FOLLOWER))), position);
}

static void hear(struct wake_listener *listener, struct text detail)
{
    (void)detail;
    struct feed *feed = CONTAINER_OF(listener, struct feed, on_events);
    if (atomic_load_explicit(&feed->listeners, memory_order_relaxed) == 0)
        return;
    pthread_mutex_lock(&feed->mutex);
    if (feed->background != NULL)
        background_wake(feed->background);
    pthread_mutex_unlock(&feed->mutex);
}

struct feed *feed_create(struct services *services, feed_receiver *receive, void *argument)
{
    struct feed *feed = memory_allocate(sizeof *feed);
    feed->services = services;
    feed->receive = receive;
    feed->argument = argument;
    feed->on_events.hear = hear;
    pthread_mutex_init(&feed->mutex, NULL);
    return feed;
}

void feed_free(struct feed *feed)
{
    pthread_mutex_destroy(&feed->mutex);
    free(feed);
}

int feed_start(struct feed *feed, int64_t *ret_position)
{
    int error = db_read(feed->services->db, DB_LIGHT, run_begin, &feed->position);
    if (error < 0)
        return error;
    *ret_position = feed->position;
    pthread_mutex_lock(&feed->mutex);
    error = background_start(&feed->background, "errand-feed", follow, feed);
    pthread_mutex_unlock(&feed->mutex);
    if (error == 0)
        wake_subscribe(feed->services->wake, WAKE_EVENTS, &feed->on_events);
    return error;
}

void feed_stop(struct feed *feed)
{
    pthread_mutex_lock(&feed->mutex);
    struct background *background = feed->background;
    feed->background = NULL;
    pthread_mutex_unlock(&feed->mutex);
    background_stop(background);
}

void feed_listen(struct feed *feed, int difference)
{
    atomic_fetch_add(&feed->listeners, difference);
}
