/*
 * task_search.h: the index behind the search for a part of a task's text.
 *
 * The index holds the trigrams of each task's folded title and description. A follower of the log
 * (follower.h) keeps it, so creating a task does not pay for it; and yet a search is exact:
 *
 *     candidates = what the index finds + every task that changed behind the follower's position
 *
 * and of those the tasks whose rows match now. The index is not asked for texts of fewer than three
 * characters, nor while too much is outstanding (it is being built): then all rows are read.
 *
 * This is the only file whose statements differ between engines.
 */
#ifndef ERRAND_DOMAIN_TASK_SEARCH_H
#define ERRAND_DOMAIN_TASK_SEARCH_H

#include "domain/follower.h"
#include "domain/sql.h"

#define TASK_SEARCH_FOLLOWER "search"

/* The follower's two functions. */
int task_search_prepare(struct db_connection *connection, struct follower_part *part);
int task_search_apply(struct db_connection *connection, struct follower_part *part);

/* How a search is to be done in this transaction. */
struct task_search {
    struct text text;
    bool by_index;
    int64_t position; /* the follower's */
};

/* task_search_plan: for the tasks of `owner`, or FIELD_INTEGER_NULL for those of many. Somebody who
 * has few tasks is better served by reading them. */
int task_search_plan(struct db_connection *connection, struct text text, int64_t owner,
                     struct task_search *ret_search);

/* The id of what the index finds, in the index itself: a condition on it lets the index begin
 * there, where one on the id of the task would have it read all before. */
#define TASK_SEARCH_ID "task_search.rowid"

/* The two sources of candidates, each up to the first condition: "SELECT id FROM ... WHERE x". The
 * first one's rows come in either order of id without sorting. */
void task_search_add_indexed(struct sql *sql, const struct task_search *search);
void task_search_add_outstanding(struct sql *sql, const struct task_search *search);

#endif
