/*
 * event_gap.h: how far a reader may follow the log of changes without skipping an event.
 *
 * On SQLite rows appear in the order of seq. On PostgreSQL a transaction takes its seq before it
 * commits, so that a row may appear behind others, and a seq whose transaction failed never does:
 *
 *     seq  7  8  .  10  11      9: not committed yet, or never will be
 *
 * A reader stops before a gap until every transaction that might fill it is over. Whoever took a
 * number before 11 was taken had a transaction id by then (an event is written after the change
 * that it tells of), so an id that is drawn once 11 was seen is higher than theirs; when no
 * transaction below that id is running any more, what is missing before 11 will stay so. That takes
 * no lock and no write, and an id is drawn only where there is a gap.
 */
#ifndef ERRAND_DOMAIN_EVENT_GAP_H
#define ERRAND_DOMAIN_EVENT_GAP_H

#include "db/db.h"

/* What a reader remembers between two looks; zeroed at first. */
struct event_gap {
    int64_t seen;        /* the highest seq that was there when the note was made */
    int64_t transaction; /* the id drawn then; 0: no note */
};

/* event_gap_find_limit: the last row that a reader who has read up to `position` may read in this
 * transaction, among the next `count`; `position` when there is none yet. INT64_MAX where rows come
 * in order. In a read that is one transaction (DB_LIGHT or DB_HEAVY). */
int event_gap_find_limit(struct db_connection *connection, struct event_gap *gap, int64_t position,
                         int64_t count, int64_t *ret_limit);

#endif
