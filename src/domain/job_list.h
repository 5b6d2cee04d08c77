/*
 * job_list.h: jobs, many at a time: lists, what is done with the dead, and the end of old ones.
 */
#ifndef ERRAND_DOMAIN_JOB_LIST_H
#define ERRAND_DOMAIN_JOB_LIST_H

#include "domain/job.h"
#include "schema/problem.h"

struct job_query {
    int64_t limit;
    struct text cursor;    /* the null text, here and below: not given */
    int64_t statuses;      /* a bit for each enum job_status; FIELD_INTEGER_NULL for any */
    struct text operation; /* only this one */
    bool all;              /* everybody's; for administrators */
};
extern const struct schema job_query_schema;      /* all of it */
extern const struct schema dead_job_query_schema; /* limit, cursor and operation */

struct job_page {
    struct schema_list jobs;
    struct text next_cursor; /* the null text on the last page */
};
extern const struct schema job_page_schema;

/* job_list: those that `query` asks for, newest first. ERROR_INVALID with problems;
 * ERROR_FORBIDDEN when one who may not asks for everybody's. */
int job_list(struct services *services, const struct actor *actor, const struct job_query *query,
             struct problems *problems, struct job_page *ret_page);

/* Which of the dead, and how many they were. */
struct job_filter {
    struct text operation; /* the null text: any */
};
extern const struct schema job_filter_schema;
struct job_count {
    int64_t count;
};
extern const struct schema job_count_schema;

/* job_retry: queues a dead or cancelled job again, as if it were new. ERROR_NOT_FOUND;
 * ERROR_CONFLICT with a problem for any other one, or while another job has its unique_key. */
int job_retry(struct services *services, const struct actor *actor, struct problems *problems,
              struct text id, struct job *ret_job);

/* job_retry_dead, job_purge_dead: all the dead ones that `filter` means; but a dead one whose
 * unique_key another job has stays. */
int job_retry_dead(struct services *services, const struct actor *actor,
                   const struct job_filter *filter, struct job_count *ret_count);
int job_purge_dead(struct services *services, const struct actor *actor,
                   const struct job_filter *filter, struct job_count *ret_count);

/* job_sweep: removes those that were over before `before`; how many. */
int job_sweep(struct services *services, int64_t before, int64_t *ret_count);

#endif
