/*
 * live.h: who listens to the changes, and who hears what.
 *
 *   feed (its own thread) ── batch ──┬──> loop 0: its listeners
 *                                    └──> loop 1: its listeners        only loops that have some
 *
 * A loop makes each message into bytes once for each kind of channel, and gives every listener who
 * may hear it a reference. Listeners are found by user, so a change costs what those who hear it
 * cost, and nothing for the others.
 *
 *                     ┌── the client is too slow: LIVE_QUEUE_SIZE ──> LOST
 *   OPENING ──> LIVE ─┤                                                │ all that waited is taken:
 *      │         ^    └────────────<── resync_required ──<─────────────┘
 *      └> REPLAYING ── caught up ──> LIVE
 *
 * A listener that says what it has seen (`since`) is REPLAYING until it has been sent what it has
 * missed from the log; one fiber a loop serves all of those in turn, a part at a time, and passes
 * over those that are slow. It is LIVE the moment the last part reaches the position of the loop,
 * so there is no gap and no message comes twice.
 *
 * Positions are rows of the log (`seq`). What is said here is for the loop's thread, but for what
 * the feed calls.
 */
#ifndef ERRAND_API_LIVE_H
#define ERRAND_API_LIVE_H

#include "api/api.h"

/* live_create: for `loops` loops. What makes the messages is started by live_start and ended by
 * live_stop, which come before the loops start and after they have ended. live_free: not before
 * wake_free. */
struct live *live_create(struct services *services, unsigned loops);
int live_start(struct live *live);
void live_stop(struct live *live);
void live_free(struct live *live);

/* For http_options.lasting. */
extern const struct http_lasting live_lasting;

/* live_listen: makes the caller's connection a channel of that kind, on which they hear what they
 * may from the row behind `since` on, or from now on for FIELD_INTEGER_NULL. ERROR_BUSY when too
 * many listen. */
int live_listen(struct request *request, enum channel_kind kind, int64_t since);

/* live_write_metrics: Prometheus text format. Any thread. */
void live_write_metrics(const struct live *live, struct buffer *out);

#endif
