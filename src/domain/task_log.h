/*
 * task_log.h: the task log, a daily snapshot of the active tasks.
 *
 * A row says whether a task was active (not done) on a day. One is written in the transaction that
 * creates the task, and from then on one for each day that begins with the task active: by the
 * schedule (schedule.h) at 00:00 UTC, or earlier or later by an administrator. A day has at most
 * one row of a task; who comes second writes nothing. Rows go with their task.
 *
 * Who may read a task may read its rows.
 */
#ifndef ERRAND_DOMAIN_TASK_LOG_H
#define ERRAND_DOMAIN_TASK_LOG_H

#include <stdbool.h>

#include "domain/task.h"

struct task_log_entry {
    int64_t id;
    int64_t task_id;
    int64_t date_logged; /* days since 1970 */
    bool active;
    struct task task; /* as it is now */
};

/* The latest row of each task, or all rows of one day. */
struct task_log_query {
    int64_t date; /* FIELD_INTEGER_NULL: the latest */
    int64_t skip;
    int64_t limit;
};

struct task_log_page {
    struct task_log_entry *entries; /* newest first */
    size_t count;
    int64_t total;
};

/* task_log_append: the row of a task that has just been created, in its transaction; sets
 * task->task_logger_id. Errors of db_query. */
int task_log_append(struct db_connection *connection, struct task *task);

/* task_log_find: the row with that id and its task. ERROR_NOT_FOUND, ERROR_FORBIDDEN. */
int task_log_find(struct services *services, struct arena *arena, const struct actor *actor,
                  int64_t id, struct task_log_entry *ret_entry);

/* task_log_find_latest: the id of the latest row of a task. ERROR_NOT_FOUND. */
int task_log_find_latest(struct services *services, int64_t task_id, int64_t *ret_id);

/* task_log_list: rows of the actor's own tasks and those assigned to them, an administrator's of
 * all tasks. */
int task_log_list(struct services *services, struct arena *arena, const struct actor *actor,
                  const struct task_log_query *query, struct task_log_page *ret_page);

/* task_log_write_day: logs `day` for every task that is active now and was there at the end of that
 * day, a part of them in each transaction. In between it asks is_stopping(argument), where that is
 * not NULL; then ERROR_CANCELLED: what is written stays, and the next call writes the rest. */
int task_log_write_day(struct services *services, int64_t day, bool (*is_stopping)(void *argument),
                       void *argument, int64_t *ret_count);

#endif
