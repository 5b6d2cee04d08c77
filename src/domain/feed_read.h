/*
 * feed_read.h: rows of the log of changes as messages to those who listen.
 *
 *     {"seq":42,"event":"task.updated","at":"...","actor_id":1,"task":{...}}
 *
 * A message has the task as it is when the message is made; of a task that is gone, what its last
 * event says. Who may see a message is likewise judged by the task as it is then: its owner, its
 * assignee, administrators. Whoever was the assignee before this change and may no longer see the
 * task hears instead that it is gone, of which the message tells no more than the id.
 *
 *     event            besides
 *     task.*           "task"
 *     file.*           "task", which the file belongs to, and "file"
 *     job.finished     "task": null, and "job"
 *
 * Changes of accounts are not told to anybody, but what they mean for connections is: see
 * feed_event.account_id. To have something else told: a row of the table in feed_read.c.
 */
#ifndef ERRAND_DOMAIN_FEED_READ_H
#define ERRAND_DOMAIN_FEED_READ_H

#include "db/db.h"

struct feed_event {
    int64_t seq;
    int64_t at;
    int64_t owner_id; /* FIELD_INTEGER_NULL, as for the next two: nobody */
    int64_t assignee_id;
    int64_t former_id;   /* hears `farewell` */
    struct text message; /* null text: nothing is told */
    struct text farewell;
    /* The account that changed, and how it is now; 0: none. */
    int64_t account_id;
    bool account_is_active;
    bool account_is_admin;
    int64_t account_generation; /* of its tokens */
};

/* Consecutive rows of the log. */
struct feed_part {
    struct feed_event *events;
    size_t count;
    int64_t last; /* the last row that was looked at; `after` when there was none */
};

/* feed_read: the rows behind `after` up to `until`, at most `count`. In a read that is one
 * transaction (DB_LIGHT or DB_HEAVY); what comes out lives in `arena`. */
int feed_read(struct db_connection *connection, struct arena *arena, int64_t after, int64_t until,
              int64_t count, struct feed_part *ret_part);

#endif
