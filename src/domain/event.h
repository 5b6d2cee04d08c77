/*
 * event.h: the log of changes.
 *
 * Every change of a user or a task appends one row here, in its own transaction: the change and its
 * event are there together or not at all. Rows are only ever added. What follows changes (audit,
 * notifications, caches, the search index) reads this log by `seq` and stays off the write path.
 */
#ifndef ERRAND_DOMAIN_EVENT_H
#define ERRAND_DOMAIN_EVENT_H

#include "db/db.h"
#include "domain/services.h"
#include "schema/field.h"

struct event {
    const char *action; /* "task.created" */
    const struct schema *schema;
    int64_t resource_id;
    const void *before; /* of `schema`; NULL when created */
    const void *after;  /* NULL when deleted */
};

/* event_append: for the transaction that makes the change. 0, or the errors of db_execute. */
int event_append(struct db_connection *connection, struct arena *arena, const struct actor *actor,
                 const struct event *event);

#endif
