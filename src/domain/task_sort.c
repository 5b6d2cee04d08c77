#include "domain/task_sort.h"

static const char *const names[] = {"id",        "title",      "status",     "priority",
                                    "completed", "created_at", "updated_at", "due_date"};

enum { SORTING_COUNT = sizeof names / sizeof names[0] };

const struct enumeration task_sortings = {names, SORTING_COUNT};

static const struct task_sorting sortings[SORTING_COUNT] = {
    {"id", "id", false},
    {"title", "title", true},
    {"status", "status", false},
    {"priority", "priority", false},
    {"(CASE WHEN status = 2 THEN 1 ELSE 0 END)", "(CASE WHEN status = 2 THEN 1 ELSE 0 END)", false},
    {"created_at", "created_at", false},
    {"updated_at", "updated_at", false},
    {"coalesce(due_date, 9223372036854775807)", "coalesce(due_date, -9223372036854775807)", false},
};

const struct task_sorting *task_sorting_of(int64_t rank)
{
    return &sortings[rank];
}
