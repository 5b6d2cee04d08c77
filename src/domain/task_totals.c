#include "domain/task_totals.h"

static int count(struct db_connection *connection, const struct task *task, int64_t difference)
{
    return db_execute(
        connection,
        TEXT("INSERT INTO task_totals (user_id, status, priority, total, changes) "
             "VALUES ($1, $2, $3, $4, 1) ON CONFLICT (user_id, status, priority, shard) "
             "DO UPDATE SET total = task_totals.total + $4, changes = task_totals.changes + 1"),
        DB_VALUES(db_integer(task->user_id), db_integer(task->status), db_integer(task->priority),
                  db_integer(difference)));
}

/* Whether the row of `a` is before that of `b`. Rows are written in this order, so that two
 * sessions that share them do not wait for each other in a circle. */
static bool is_before(const struct task *a, const struct task *b)
{
    return a->status != b->status ? a->status < b->status : a->priority < b->priority;
}

int task_totals_change(struct db_connection *connection, const struct task *before,
                       const struct task *after)
{
    if (before == NULL)
        return count(connection, after, 1);
    if (after == NULL)
        return count(connection, before, -1);
    if (before->status == after->status && before->priority == after->priority)
        return count(connection, after, 0);
    bool forth = is_before(before, after);
    int error = forth ? count(connection, before, -1) : count(connection, after, 1);
    if (error < 0)
        return error;
    return forth ? count(connection, after, 1) : count(connection, before, -1);
}

int task_totals_of_user(struct db_connection *connection, int64_t user_id, int64_t *ret_total)
{
    return db_query_integer(
        connection, TEXT("SELECT coalesce(sum(total), 0) FROM task_totals WHERE user_id = $1"),
        DB_VALUES(db_integer(user_id)), ret_total);
}

int task_totals_changes(struct db_connection *connection, int64_t user_id, int64_t *ret_changes)
{
    return db_query_integer(
        connection, TEXT("SELECT coalesce(sum(changes), 0) FROM task_totals WHERE user_id = $1"),
        DB_VALUES(db_integer(user_id)), ret_changes);
}
