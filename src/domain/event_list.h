/*
 * event_list.h: the log of changes, for reading: all of it, or what happened to one task.
 *
 * Newest first, by cursor only: the log grows at its end, so that a page counted from there would
 * move while it is read. Rows are read as they were written; nothing here changes them.
 */
#ifndef ERRAND_DOMAIN_EVENT_LIST_H
#define ERRAND_DOMAIN_EVENT_LIST_H

#include "db/db.h"
#include "domain/services.h"
#include "schema/field.h"
#include "schema/problem.h"

/* A row of the log. */
struct event_row {
    int64_t seq;
    int64_t at;
    int64_t actor_id;
    struct text action;
    struct text resource_type;
    int64_t resource_id;
    struct text request_id;
    struct text changes; /* JSON object: field -> [old, new] */
};
extern const struct schema event_row_schema;

/* Which rows, as the client asked. */
struct event_query {
    int64_t limit;
    struct text cursor;   /* the null text, here and below: not given */
    struct text actor;    /* an id or a name */
    struct text action;   /* "task.created" */
    struct text resource; /* "task" or "task:7" */
    int64_t since;        /* microseconds, inclusive, as is the other; FIELD_INTEGER_NULL for any */
    int64_t until;
};
extern const struct schema event_query_schema;   /* all of it */
extern const struct schema history_query_schema; /* limit and cursor */

struct event_page {
    struct schema_list events;
    struct text next_cursor; /* null text on the last page */
};
extern const struct schema event_page_schema;

/* event_list: the rows that `query` asks for, of everybody. ERROR_INVALID with problems. */
int event_list(struct services *services, const struct event_query *query,
               struct problems *problems, struct event_page *ret_page);

/* event_list_task: what happened to the task with that id, for those who may read it; of a deleted
 * one for administrators and whoever made it, who was its owner. ERROR_NOT_FOUND also for anybody
 * else's deleted task, ERROR_FORBIDDEN, ERROR_INVALID with problems. */
int event_list_task(struct services *services, const struct actor *actor, int64_t task_id,
                    const struct event_query *query, struct problems *problems,
                    struct event_page *ret_page);

#endif
