/*
 * task_list.h: tasks, many at a time: filters, sorting and the three ways of paging.
 */
#ifndef ERRAND_DOMAIN_TASK_LIST_H
#define ERRAND_DOMAIN_TASK_LIST_H

#include "domain/paging.h"
#include "domain/task.h"

/* Whose tasks a list is of when no filter says so. */
enum task_scope { SCOPE_OWN, SCOPE_ALL };

enum task_query_field {
    TASK_QUERY_SKIP, /* the four rows of PAGING_FIELDS come first */
    TASK_QUERY_LIMIT,
    TASK_QUERY_PAGE,
    TASK_QUERY_PER_PAGE,
    TASK_QUERY_CURSOR,
    TASK_QUERY_TOTAL,
    TASK_QUERY_SORT_BY,
    TASK_QUERY_SORT_ORDER,
    TASK_QUERY_FIRST_FILTER, /* from here on */
};

/* A query as the client gave it. */
struct task_query {
    struct paging paging;
    int64_t sort_by;    /* rank in the list of sortings */
    int64_t sort_order; /* 0 ascending, 1 descending */
    bool completed;
    int64_t status;   /* a bit for each enum task_status */
    int64_t priority; /* a bit for each enum task_priority */
    struct text tags; /* comma list: all of them */
    bool overdue;
    struct text search;
    int64_t user_id;
    struct text user;
    struct text assigned_to;
    struct text city;
    int64_t created_after; /* microseconds, inclusive, as are the others */
    int64_t created_before;
    int64_t due_after;
    int64_t due_before;
};
extern const struct schema task_query_schema;

/* The same without paging: its first field is TASK_QUERY_SORT_BY. */
extern const struct schema task_export_query_schema;

struct task_page {
    struct schema_list tasks;
    struct page page;
    struct text next_cursor; /* null text on the last page */
};
extern const struct schema task_page_schema;

/*
 * task_list: the tasks that `query` asks for, of which the client gave the fields in `given`.
 * `default_limit` applies where it gave no limit. ERROR_INVALID with problems (a cursor of another
 * sorting, two ways of paging at once); ERROR_FORBIDDEN when somebody who is no administrator asks
 * for the tasks of others. May park the calling fiber.
 */
int task_list(struct services *services, const struct actor *actor, enum task_scope scope,
              struct task_query *query, uint64_t given, int64_t default_limit,
              struct problems *problems, struct task_page *ret_page);

#endif
