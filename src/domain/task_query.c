/*
 * task_query.c: the parameters of a task list and the shape of its answer; see task_list.c.
 */
#include "domain/task_list.h"
#include "domain/task_sort.h"

static const char *const order_names[] = {"asc", "desc"};
static const struct enumeration orders = {order_names, 2};

static const struct field query_fields[] = {
    PAGING_FIELDS(struct task_query, paging),
    [TASK_QUERY_CURSOR] = {.name = "cursor",
                           .type = FIELD_TEXT,
                           .offset = offsetof(struct task_query, paging.cursor),
                           .minimum = 1,
                           .maximum = 4096,
                           .description = "The next_cursor of the page before; in place of `skip`"},
    [TASK_QUERY_TOTAL] = {.name = "total",
                          .type = FIELD_BOOLEAN,
                          .offset = offsetof(struct task_query, paging.total),
                          .default_value = "true",
                          .description = "Whether to count all that match"},
    [TASK_QUERY_SORT_BY] = {.name = "sort_by",
                            .type = FIELD_ENUM,
                            .offset = offsetof(struct task_query, sort_by),
                            .values = &task_sortings,
                            .default_value = "\"id\"",
                            .description = "What to sort by: status and priority by rank, due_date "
                                           "with those that have none last; equal ones by id"},
    [TASK_QUERY_SORT_ORDER] = {.name = "sort_order",
                               .type = FIELD_ENUM,
                               .offset = offsetof(struct task_query, sort_order),
                               .values = &orders,
                               .default_value = "\"asc\"",
                               .description = "Ascending or descending, the id included"},
    {.name = "completed",
     .type = FIELD_BOOLEAN,
     .offset = offsetof(struct task_query, completed),
     .description = "Only those that are done, or only the others"},
    {.name = "status",
     .type = FIELD_ENUM_SET,
     .offset = offsetof(struct task_query, status),
     .values = &task_statuses,
     .description = "Only those with one of these, comma-separated"},
    {.name = "priority",
     .type = FIELD_ENUM_SET,
     .offset = offsetof(struct task_query, priority),
     .values = &task_priorities,
     .description = "Only those with one of these, comma-separated"},
    {.name = "tags",
     .type = FIELD_WORDS,
     .offset = offsetof(struct task_query, tags),
     .maximum = 2600,
     .description = "Only those that have all of these, comma-separated"},
    {.name = "overdue",
     .type = FIELD_BOOLEAN,
     .offset = offsetof(struct task_query, overdue),
     .description = "Only those that are not done and were due before today (UTC), or the others"},
    {.name = "search",
     .type = FIELD_TEXT,
     .offset = offsetof(struct task_query, search),
     .maximum = 200,
     .description = "Part of the title or the description, in any case"},
    {.name = "user_id",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct task_query, user_id),
     .description = "Only those of this user; another one for administrators only"},
    {.name = "user",
     .type = FIELD_TEXT,
     .offset = offsetof(struct task_query, user),
     .minimum = 1,
     .maximum = 50,
     .description = "The same by name"},
    {.name = "assigned_to",
     .type = FIELD_TEXT,
     .offset = offsetof(struct task_query, assigned_to),
     .minimum = 1,
     .maximum = 50,
     .description = "Those assigned to `me`, or, for administrators, to an id or a name; of any "
                    "owner"},
    {.name = "city",
     .type = FIELD_TEXT,
     .offset = offsetof(struct task_query, city),
     .minimum = 1,
     .maximum = 100,
     .description = "Only those in this city, in any case"},
    {.name = "created_after",
     .type = FIELD_SINCE,
     .offset = offsetof(struct task_query, created_after),
     .description = "Made on this date or at this time, or later"},
    {.name = "created_before",
     .type = FIELD_UNTIL,
     .offset = offsetof(struct task_query, created_before),
     .description = "Made on this date or at this time, or earlier"},
    {.name = "due_after",
     .type = FIELD_SINCE,
     .offset = offsetof(struct task_query, due_after),
     .description = "Due on this date or later"},
    {.name = "due_before",
     .type = FIELD_UNTIL,
     .offset = offsetof(struct task_query, due_before),
     .description = "Due on this date or earlier"},
};

static void init_query(void *structure)
{
    struct task_query *query = structure;
    paging_init(&query->paging);
}

const struct schema task_query_schema = {
    SCHEMA_FIELDS(query_fields),
    .size = sizeof(struct task_query),
    .init = init_query,
};

const struct schema task_export_query_schema = {
    .fields = &query_fields[TASK_QUERY_SORT_BY],
    .count = sizeof query_fields / sizeof query_fields[0] - TASK_QUERY_SORT_BY,
    .size = sizeof(struct task_query),
    .init = init_query,
};

static const struct field page_fields[] = {
    {.name = "tasks",
     .type = FIELD_LIST,
     .flags = FIELD_READ_ONLY,
     .offset = offsetof(struct task_page, tasks),
     .items = &task_schema},
    PAGE_FIELDS(struct task_page, page),
    {.name = "next_cursor",
     .type = FIELD_TEXT,
     .flags = FIELD_NULLABLE | FIELD_READ_ONLY,
     .offset = offsetof(struct task_page, next_cursor),
     .description = "For the page after this one; null on the last"},
};

const struct schema task_page_schema = {
    .name = "TaskPage",
    .description = "A page of tasks",
    SCHEMA_FIELDS(page_fields),
};
