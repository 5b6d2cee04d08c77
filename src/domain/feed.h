/*
 * feed.h: the log of changes as it grows, for whoever listens in this process.
 *
 * One thread reads each new row once and makes its message once (feed_read.h), whatever the number
 * of listeners; what it has read goes to a receiver as a batch that all loops share. News of
 * changes (WAKE_EVENTS), of this process and of others, wake the thread, which looks by itself now
 * and then all the same. While nobody listens it only keeps up with the number of the last row, and
 * its batches have no events.
 *
 * Batches are consecutive: each begins behind the position of the one before.
 */
#ifndef ERRAND_DOMAIN_FEED_H
#define ERRAND_DOMAIN_FEED_H

#include <stdatomic.h>

#include "domain/feed_read.h"
#include "domain/services.h"

struct feed;

/* A part of the log, shared by all who hold it. */
struct feed_batch {
    atomic_uint references;
    struct arena arena;
    struct feed_part part;
    int64_t position; /* the last row of it */
    bool is_whole;    /* `part` has all rows since the batch before; else they were not read */
};

void feed_batch_hold(struct feed_batch *batch);
void feed_batch_release(struct feed_batch *batch);

/* feed_receiver: takes a batch, in the feed's thread; holds it for as long as it is used. */
typedef void feed_receiver(void *argument, struct feed_batch *batch);

/* feed_create: a feed that does nothing yet. feed_free: not before wake_free. */
struct feed *feed_create(struct services *services, feed_receiver *receive, void *argument);
void feed_free(struct feed *feed);

/* feed_start: starts the thread, once. `*ret_position` is where the first batch begins.
 * ERROR_UNAVAILABLE when there is no thread to be had, errors of db_read. */
int feed_start(struct feed *feed, int64_t *ret_position);

/* feed_stop: ends the thread, if there is one. */
void feed_stop(struct feed *feed);

/* feed_listen: `difference` listeners more, or less. Any thread. */
void feed_listen(struct feed *feed, int difference);

/* feed_find_end: the last row that a reader who has read up to `position` may take for read without
 * skipping one that appears later. In a read, as feed_read. */
int feed_find_end(struct db_connection *connection, int64_t position, int64_t *ret_end);

#endif
