/*
 * carrier.h: the thread that brings news (wake.h) from process to process.
 *
 * It works over a line: a connection to something that hands a message to everybody who listens,
 * the sender included. There are two: PostgreSQL's NOTIFY (db/postgres_line.c) and Redis's PUBLISH
 * (cache/redis_line.c). What is published within a moment goes out as one message, so that a busy
 * process sends a few hundred a second and not one for each change.
 *
 * A line that breaks is opened anew, after a pause that grows. One that says nothing is tested by
 * an empty message, which must come back.
 */
#ifndef ERRAND_RUNTIME_CARRIER_H
#define ERRAND_RUNTIME_CARRIER_H

#include "base/text.h"
#include "runtime/wake.h"

struct carrier_line;

/* What a line can do. All in the carrier's thread; each may block for some seconds at most. */
struct carrier_engine {
    /* open: connects and listens; the descriptor that is readable when a message arrives.
     * ERROR_UNAVAILABLE, after which there is nothing to close. */
    int (*open)(struct carrier_line *line);
    /* send: hands the message over. What arrives meanwhile is given to wake_hear; how many messages
     * those were, or ERROR_UNAVAILABLE. */
    int (*send)(struct carrier_line *line, struct wake *wake, struct text message);
    /* receive: gives what has arrived to wake_hear; how many messages, or ERROR_UNAVAILABLE. */
    int (*receive)(struct carrier_line *line, struct wake *wake);
    void (*close)(struct carrier_line *line);
    void (*free)(struct carrier_line *line);
};

/* What the structure of an engine begins with. */
struct carrier_line {
    const struct carrier_engine *engine;
};

struct carrier;

/* carrier_start: carries for `wake`, which is borrowed, over `line`, which is taken over also on
 * failure. ERROR_UNAVAILABLE when there is no thread to be had. */
int carrier_start(struct carrier **ret_carrier, struct wake *wake, struct carrier_line *line);

/* carrier_stop: ends the thread. Takes NULL. */
void carrier_stop(struct carrier *carrier);

#endif
