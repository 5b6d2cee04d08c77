/*
 * task_filter.h: what restricts a list of tasks: whose they are, and the fields of a query, as SQL.
 *
 * A new filter is a field of struct task_query (task_list.h), a row in task_query.c and its
 * condition in task_filter.c.
 */
#ifndef ERRAND_DOMAIN_TASK_FILTER_H
#define ERRAND_DOMAIN_TASK_FILTER_H

#include "domain/sql.h"
#include "domain/task_list.h"

/* Whose tasks are asked for, once names and access are settled. */
struct task_ownership {
    int64_t owner;          /* FIELD_INTEGER_NULL: any, or by name */
    struct text owner_name; /* folded */
    bool by_assignee;
    int64_t assignee;
    struct text assignee_name; /* folded */
};

struct task_filter {
    struct arena *arena;
    const struct task_query *query;
    uint64_t given; /* fields of the query */
    struct task_ownership ownership;
    const struct db_connection *connection; /* of the transaction that reads */
};

/* task_filter_init: the filter of a query of which the client gave the fields in `given`. Query and
 * arena must outlive it. Adds problems. */
void task_filter_init(struct task_filter *filter, const struct task_query *query, uint64_t given,
                      struct problems *problems);

/* task_filter_resolve: settles whose tasks are meant. ERROR_FORBIDDEN when somebody who is no
 * administrator asks for the tasks of others. */
int task_filter_resolve(struct task_filter *filter, const struct actor *actor,
                        enum task_scope scope);

/* task_filter_is_empty: whether nothing but ownership restricts the list. */
bool task_filter_is_empty(const struct task_filter *filter);

/* task_filter_has_kept_total: whether all conditions are on columns that `task_totals` has too. */
bool task_filter_has_kept_total(const struct task_filter *filter);

/* task_filter_add: the conditions on a row of `tasks`, or of `task_totals` where that has them all;
 * for `any` see sql_add_condition. */
void task_filter_add(const struct task_filter *filter, struct sql *sql, bool *any);

#endif
