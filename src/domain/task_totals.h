/*
 * task_totals.h: how many tasks a user has of each status and priority, kept and not counted.
 *
 * Whatever writes a task says so here, in the same transaction. A row is one user, status and
 * priority, on PostgreSQL also one shard of sessions, which do not wait for each other then; only
 * the sum of rows means anything. Each row also counts the changes made to such tasks: their sum
 * tells what was computed from a user's tasks before a change from what is computed after it.
 */
#ifndef ERRAND_DOMAIN_TASK_TOTALS_H
#define ERRAND_DOMAIN_TASK_TOTALS_H

#include "domain/task.h"

/* task_totals_change: a task was created (before is NULL), changed, or deleted (after is NULL). */
int task_totals_change(struct db_connection *connection, const struct task *before,
                       const struct task *after);

/* task_totals_of_user: all tasks of a user. */
int task_totals_of_user(struct db_connection *connection, int64_t user_id, int64_t *ret_total);

/* task_totals_changes: how often a user's tasks have changed. */
int task_totals_changes(struct db_connection *connection, int64_t user_id, int64_t *ret_changes);

#endif
