#include "domain/task_filter.h"

#include "base/clock.h"
#include "base/error.h"
#include "domain/fold.h"
#include "domain/folded.h"

enum { TAGS_LIMIT = 50 };

static uint64_t bit_of(const struct task_filter *filter, const void *member)
{
    size_t offset = (size_t)((const char *)member - (const char *)filter->query);
    for (size_t i = 0; i < task_query_schema.count; i++) {
        if (task_query_schema.fields[i].offset == offset)
            return FIELD_BIT(i);
    }
    return 0;
}

static bool is_given(const struct task_filter *filter, const void *member)
{
    return (filter->given & bit_of(filter, member)) != 0;
}

/* A task has at most TAGS_LIMIT tags, so a filter for more of them is a mistake. */
static void check_tags(const struct task_filter *filter, struct problems *problems)
{
    struct text tags = filter->query->tags;
    struct text tag;
    int count = 0;
    while (text_split(&tags, ',', &tag))
        count++;
    if (count > TAGS_LIMIT)
        problem_value(problems, "tags", "List should have at most 50 items");
}

void task_filter_init(struct task_filter *filter, const struct task_query *query, uint64_t given,
                      struct problems *problems)
{
    *filter = (struct task_filter){.arena = problems->arena, .query = query, .given = given};
    check_tags(filter, problems);
}

bool task_filter_is_empty(const struct task_filter *filter)
{
    return filter->given >> TASK_QUERY_FIRST_FILTER == 0;
}

bool task_filter_has_kept_total(const struct task_filter *filter)
{
    const struct task_query *query = filter->query;
    uint64_t kept = bit_of(filter, &query->user_id) | bit_of(filter, &query->user) |
                    bit_of(filter, &query->completed) | bit_of(filter, &query->status) |
                    bit_of(filter, &query->priority);
    return (filter->given & ~kept) >> TASK_QUERY_FIRST_FILTER == 0;
}

/* Ownership: the conditions `user_id` and `assigned_user_id` of the statement. */

static bool is_name_of(struct arena *arena, const struct actor *actor, struct text folded_name)
{
    return folded_name.data != NULL && text_equal(text_fold(arena, actor->username), folded_name);
}

static int resolve_assignee(struct task_filter *filter, const struct actor *actor)
{
    struct task_ownership *ownership = &filter->ownership;
    struct text wanted = filter->query->assigned_to;
    ownership->by_assignee = true;
    ownership->assignee = actor->user_id;
    if (text_is(wanted, "me"))
        return 0;
    if (text_parse_integer(wanted, &ownership->assignee) < 0) {
        ownership->assignee = FIELD_INTEGER_NULL;
        ownership->assignee_name = text_fold(filter->arena, wanted);
    }
    bool is_self = ownership->assignee == actor->user_id ||
                   is_name_of(filter->arena, actor, ownership->assignee_name);
    return actor->is_admin || is_self ? 0 : ERROR_FORBIDDEN;
}

int task_filter_resolve(struct task_filter *filter, const struct actor *actor,
                        enum task_scope scope)
{
    const struct task_query *query = filter->query;
    struct task_ownership *ownership = &filter->ownership;
    bool by_id = is_given(filter, &query->user_id);
    bool by_name = is_given(filter, &query->user);
    ownership->owner = FIELD_INTEGER_NULL;
    if (by_id)
        ownership->owner = query->user_id;
    if (by_name)
        ownership->owner_name = text_fold(filter->arena, query->user);
    bool others = (by_id && query->user_id != actor->user_id) ||
                  (by_name && !is_name_of(filter->arena, actor, ownership->owner_name));
    if (others && !actor->is_admin)
        return ERROR_FORBIDDEN;
    if (is_given(filter, &query->assigned_to))
        return resolve_assignee(filter, actor);
    if (scope == SCOPE_OWN && !by_id && !by_name)
        ownership->owner = actor->user_id;
    return 0;
}

static void add_user_condition(struct sql *sql, bool *any, const char *column, int64_t id,
                               struct text folded_name)
{
    if (id != FIELD_INTEGER_NULL) {
        sql_add_condition(sql, any);
        sql_add(sql, column);
        sql_add(sql, " = ");
        sql_value(sql, db_integer(id));
    }
    if (folded_name.data != NULL) {
        sql_add_condition(sql, any);
        sql_add(sql, column);
        sql_add(sql, " = (SELECT id FROM users WHERE username_folded = ");
        sql_value(sql, db_text(folded_name));
        sql_add(sql, ")");
    }
}

static void add_ownership(struct sql *sql, bool *any, const struct task_filter *filter)
{
    const struct task_ownership *ownership = &filter->ownership;
    add_user_condition(sql, any, "user_id", ownership->owner, ownership->owner_name);
    if (ownership->by_assignee)
        add_user_condition(sql, any, "assigned_user_id", ownership->assignee,
                           ownership->assignee_name);
}

/* Filters. */

static void add_ranks(struct sql *sql, const char *column, int64_t bits)
{
    const char *separator = " IN (";
    sql_add(sql, column);
    for (int64_t rank = 0; rank < 63; rank++) {
        if ((bits & INT64_C(1) << rank) == 0)
            continue;
        sql_add(sql, separator);
        sql_value(sql, db_integer(rank));
        separator = ", ";
    }
    sql_add(sql, ")");
}

static void add_tags(struct sql *sql, bool *any, struct text tags)
{
    struct text tag;
    while (text_split(&tags, ',', &tag)) {
        tag = text_trim(tag);
        if (tag.length == 0)
            continue;
        sql_add_condition(sql, any);
        sql_add(sql, "EXISTS (SELECT 1 FROM task_tags WHERE task_id = tasks.id AND tag = ");
        sql_value(sql, db_text(tag));
        sql_add(sql, ")");
    }
}

static void add_comparison(struct sql *sql, bool *any, const char *comparison, int64_t value)
{
    sql_add_condition(sql, any);
    sql_add(sql, comparison);
    sql_value(sql, db_integer(value));
}

static void add_state_filters(struct sql *sql, bool *any, const struct task_filter *filter)
{
    const struct task_query *query = filter->query;
    if (is_given(filter, &query->completed))
        add_comparison(sql, any, query->completed ? "status = " : "status <> ", STATUS_DONE);
    if (is_given(filter, &query->status)) {
        sql_add_condition(sql, any);
        add_ranks(sql, "status", query->status);
    }
    if (is_given(filter, &query->priority)) {
        sql_add_condition(sql, any);
        add_ranks(sql, "priority", query->priority);
    }
    if (is_given(filter, &query->overdue)) {
        sql_add_condition(sql, any);
        sql_add(sql, query->overdue ? "(" : "NOT (");
        sql_add(sql, "due_date IS NOT NULL AND status <> ");
        sql_value(sql, db_integer(STATUS_DONE));
        sql_add(sql, " AND due_date < ");
        sql_value(sql, db_integer(clock_now() / CLOCK_DAY));
        sql_add(sql, ")");
    }
}

static void add_text_filters(struct sql *sql, bool *any, const struct task_filter *filter)
{
    static const char *const searched[] = {"title", "coalesce(description, '')"};
    const struct task_query *query = filter->query;
    if (is_given(filter, &query->tags))
        add_tags(sql, any, query->tags);
    if (is_given(filter, &query->search) && query->search.length > 0) {
        sql_add_condition(sql, any);
        folded_add_contains(sql, filter->connection, filter->arena, searched, 2, query->search);
    }
    if (is_given(filter, &query->city)) {
        sql_add_condition(sql, any);
        folded_add_city(sql, filter->connection, filter->arena, query->city);
    }
}

/* Dates are compared in days; the day of a timestamp is the day it falls on. */
static int64_t day_of(int64_t moment)
{
    return moment / CLOCK_DAY - (moment % CLOCK_DAY < 0);
}

static void add_time_filters(struct sql *sql, bool *any, const struct task_filter *filter)
{
    const struct task_query *query = filter->query;
    if (is_given(filter, &query->created_after))
        add_comparison(sql, any, "created_at >= ", query->created_after);
    if (is_given(filter, &query->created_before))
        add_comparison(sql, any, "created_at <= ", query->created_before);
    if (is_given(filter, &query->due_after))
        add_comparison(sql, any, "due_date >= ", day_of(query->due_after));
    if (is_given(filter, &query->due_before))
        add_comparison(sql, any, "due_date <= ", day_of(query->due_before));
}

void task_filter_add(const struct task_filter *filter, struct sql *sql, bool *any)
{
    add_ownership(sql, any, filter);
    add_state_filters(sql, any, filter);
    add_text_filters(sql, any, filter);
    add_time_filters(sql, any, filter);
}
