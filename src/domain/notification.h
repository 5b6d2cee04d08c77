/*
 * notification.h: what users are told of: that a task of theirs, or one assigned to them, is done.
 *
 * The transaction that completes the task orders a job (job.h), which writes a record for each of
 * those whom it concerns. So completing costs no more for it, and no record is lost or doubled.
 */
#ifndef ERRAND_DOMAIN_NOTIFICATION_H
#define ERRAND_DOMAIN_NOTIFICATION_H

#include "db/db.h"
#include "domain/services.h"
#include "domain/task.h"
#include "schema/problem.h"

struct notification {
    int64_t id;
    struct text event; /* "task.completed" */
    int64_t task_id;
    struct text message;
    int64_t created_at;
    int64_t read_at; /* FIELD_INTEGER_NULL until it is */
};

struct notification_query {
    int64_t limit;
    struct text cursor; /* the null text: from the newest */
    bool unread;
};
extern const struct schema notification_query_schema;

struct notification_page {
    struct schema_list notifications;
    struct text next_cursor; /* the null text on the last page */
};
extern const struct schema notification_page_schema;

struct notification_count {
    int64_t count;
};
extern const struct schema notification_count_schema;

/* notification_order: for the transaction that has completed `task`. */
int notification_order(struct db_connection *connection, struct arena *arena,
                       const struct task *task);

/* notification_record: what that job does with its data; how many records it wrote. */
int notification_record(struct services *services, struct text data, int64_t *ret_count);

/* notification_list: the actor's own, newest first. ERROR_INVALID with problems. */
int notification_list(struct services *services, const struct actor *actor,
                      const struct notification_query *query, struct problems *problems,
                      struct notification_page *ret_page);

/* notification_read_all: all of the actor's count as read; how many did not before. */
int notification_read_all(struct services *services, const struct actor *actor,
                          struct notification_count *ret_count);

#endif
