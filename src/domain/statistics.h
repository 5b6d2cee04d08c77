/*
 * statistics.h: a user's tasks in numbers.
 *
 * The numbers are exact. They are kept in the cache under the count of changes to the user's tasks
 * (task_totals.changes, raised in the transaction of each change) and the day, on which `overdue`
 * depends. So asking again costs a look at a few rows, and a change that has been acknowledged is
 * never missing from the answer, whoever made it and in whichever process.
 */
#ifndef ERRAND_DOMAIN_STATISTICS_H
#define ERRAND_DOMAIN_STATISTICS_H

#include "domain/services.h"
#include "schema/field.h"
#include "schema/problem.h"

struct statistics {
    int64_t total;
    int64_t completed;
    int64_t incomplete;
    double completion_rate; /* per cent */
    struct schema_counts by_status;
    struct schema_counts by_priority;
    struct schema_counts by_tag;
    int64_t overdue;
};
extern const struct schema statistics_schema;

/* statistics_find: the JSON of the statistics of the user's own tasks, and whether it was kept. May
 * park the fiber. */
int statistics_find(struct services *services, struct arena *arena, int64_t user_id,
                    struct text *ret_json, bool *ret_kept);

/* A period of whole days, both inclusive; FIELD_INTEGER_NULL for an open end. */
struct analytics_query {
    int64_t start_date;
    int64_t end_date;
};
extern const struct schema analytics_query_schema;

struct analytics_day {
    int64_t date;
    int64_t created;
    int64_t completed;
};

struct analytics {
    struct schema_counts by_status;
    struct schema_counts by_user;
    struct schema_list by_day; /* of struct analytics_day */
};
extern const struct schema analytics_schema;

/* analytics_find: the tasks made in the period by status and by owner, and what was made and
 * completed on each of its days: the actor's own, an administrator's everybody's. ERROR_INVALID
 * with problems for a period that ends before it starts. */
int analytics_find(struct services *services, const struct actor *actor,
                   const struct analytics_query *query, struct problems *problems,
                   struct analytics *ret_analytics);

#endif
