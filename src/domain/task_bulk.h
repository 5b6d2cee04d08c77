/*
 * task_bulk.h: one change to many tasks, all or nothing.
 */
#ifndef ERRAND_DOMAIN_TASK_BULK_H
#define ERRAND_DOMAIN_TASK_BULK_H

#include "domain/task.h"

enum { TASK_BULK_LIMIT = 1000 };

struct task_bulk {
    struct integer_list ids;
    struct task updates;
    uint64_t updates_given;
};
extern const struct body task_bulk_body;

/* What came of it: the tasks in the order of the ids; or, on ERROR_NOT_FOUND and ERROR_FORBIDDEN,
 * the ids for which that is so, as a text "7, 9". */
struct task_bulk_result {
    struct task *tasks;
    size_t count;
    struct text refused;
};

/* task_bulk_update: changes every task of `bulk` in one transaction, or none. ERROR_NOT_FOUND when
 * one does not exist, else ERROR_FORBIDDEN when one may not be changed by the actor; ERROR_INVALID
 * with problems. */
int task_bulk_update(struct services *services, const struct actor *actor,
                     struct problems *problems, const struct task_bulk *bulk,
                     struct task_bulk_result *ret_result);

#endif
