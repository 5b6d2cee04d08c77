/*
 * task_sort.h: what tasks can be sorted by. To add one: a row in task_sort.c.
 */
#ifndef ERRAND_DOMAIN_TASK_SORT_H
#define ERRAND_DOMAIN_TASK_SORT_H

#include <stdbool.h>

#include "schema/field.h"

/* A sort key is never null, so that keys and ids can be compared as pairs. */
struct task_sorting {
    const char *ascending;  /* the SQL expression of the key */
    const char *descending; /* where nulls must come last both ways, it differs */
    bool is_text;
};

extern const struct enumeration task_sortings; /* their names, by rank */

/* The sorting by id, whose key is the id itself. */
enum { TASK_SORT_ID };

const struct task_sorting *task_sorting_of(int64_t rank);

#endif
