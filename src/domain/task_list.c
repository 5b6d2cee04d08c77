#include "domain/task_list.h"

#include "base/clock.h"
#include "base/error.h"
#include "domain/cursor.h"
#include "domain/fold.h"
#include "domain/folded.h"
#include "domain/row.h"
#include "domain/task_search.h"
#include "domain/task_sort.h"

enum {
    TAGS_LIMIT = 50,
    LIGHT_SKIP = 1000, /* rows that a read in place may pass over */
};

/* Whose tasks are asked for, once names and access are settled. */
struct ownership {
    bool all;
    int64_t owner;          /* FIELD_INTEGER_NULL: any, or by name */
    struct text owner_name; /* folded */
    bool by_assignee;
    int64_t assignee;
    struct text assignee_name; /* folded */
};

struct list {
    struct arena *arena;
    const struct task_query *query;
    uint64_t given;
    struct ownership ownership;
    const struct task_sorting *sorting;
    const char *key; /* SQL */
    bool has_cursor;
    struct cursor cursor;
    const struct db_connection *connection; /* of the transaction that reads */
    struct task_search search;
    struct task_page *page;
};

static bool is_given(const struct list *list, const void *member)
{
    size_t offset = (size_t)((const char *)member - (const char *)list->query);
    for (size_t i = 0; i < task_query_schema.count; i++) {
        if (task_query_schema.fields[i].offset == offset)
            return (list->given & FIELD_BIT(i)) != 0;
    }
    return false;
}

/* Ownership: the conditions `user_id` and `assigned_user_id` of the statement. */

static bool is_name_of(struct arena *arena, const struct actor *actor, struct text folded_name)
{
    return folded_name.data != NULL && text_equal(text_fold(arena, actor->username), folded_name);
}

static int resolve_assignee(struct list *list, const struct actor *actor)
{
    struct ownership *ownership = &list->ownership;
    struct text wanted = list->query->assigned_to;
    ownership->by_assignee = true;
    ownership->assignee = actor->user_id;
    if (text_is(wanted, "me"))
        return 0;
    if (text_parse_integer(wanted, &ownership->assignee) < 0) {
        ownership->assignee = FIELD_INTEGER_NULL;
        ownership->assignee_name = text_fold(list->arena, wanted);
    }
    bool is_self = ownership->assignee == actor->user_id ||
                   is_name_of(list->arena, actor, ownership->assignee_name);
    return actor->is_admin || is_self ? 0 : ERROR_FORBIDDEN;
}

static int resolve_ownership(struct list *list, const struct actor *actor, enum task_scope scope)
{
    const struct task_query *query = list->query;
    struct ownership *ownership = &list->ownership;
    bool by_id = is_given(list, &query->user_id);
    bool by_name = is_given(list, &query->user);
    ownership->owner = FIELD_INTEGER_NULL;
    if (by_id)
        ownership->owner = query->user_id;
    if (by_name)
        ownership->owner_name = text_fold(list->arena, query->user);
    bool others = (by_id && query->user_id != actor->user_id) ||
                  (by_name && !is_name_of(list->arena, actor, ownership->owner_name));
    if (others && !actor->is_admin)
        return ERROR_FORBIDDEN;
    if (is_given(list, &query->assigned_to))
        return resolve_assignee(list, actor);
    ownership->all = scope == SCOPE_ALL;
    if (scope == SCOPE_OWN && !by_id && !by_name)
        ownership->owner = actor->user_id;
    return 0;
}

/* "WHERE " before the first condition, " AND " before the others. */
static void next_condition(struct sql *sql, bool *any)
{
    sql_add(sql, *any ? " AND " : " WHERE ");
    *any = true;
}

static void add_user_condition(struct sql *sql, bool *any, const char *column, int64_t id,
                               struct text folded_name)
{
    if (id != FIELD_INTEGER_NULL) {
        next_condition(sql, any);
        sql_add(sql, column);
        sql_add(sql, " = ");
        sql_value(sql, db_integer(id));
    }
    if (folded_name.data != NULL) {
        next_condition(sql, any);
        sql_add(sql, column);
        sql_add(sql, " = (SELECT id FROM users WHERE username_folded = ");
        sql_value(sql, db_text(folded_name));
        sql_add(sql, ")");
    }
}

static void add_ownership(struct sql *sql, bool *any, const struct ownership *ownership)
{
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
        next_condition(sql, any);
        sql_add(sql, "EXISTS (SELECT 1 FROM task_tags WHERE task_id = tasks.id AND tag = ");
        sql_value(sql, db_text(tag));
        sql_add(sql, ")");
    }
}

static void add_comparison(struct sql *sql, bool *any, const char *comparison, int64_t value)
{
    next_condition(sql, any);
    sql_add(sql, comparison);
    sql_value(sql, db_integer(value));
}

static void add_state_filters(struct sql *sql, bool *any, const struct list *list)
{
    const struct task_query *query = list->query;
    if (is_given(list, &query->completed))
        add_comparison(sql, any, query->completed ? "status = " : "status <> ", STATUS_DONE);
    if (is_given(list, &query->status)) {
        next_condition(sql, any);
        add_ranks(sql, "status", query->status);
    }
    if (is_given(list, &query->priority)) {
        next_condition(sql, any);
        add_ranks(sql, "priority", query->priority);
    }
    if (is_given(list, &query->overdue)) {
        next_condition(sql, any);
        sql_add(sql, query->overdue ? "(" : "NOT (");
        sql_add(sql, "due_date IS NOT NULL AND status <> ");
        sql_value(sql, db_integer(STATUS_DONE));
        sql_add(sql, " AND due_date < ");
        sql_value(sql, db_integer(clock_now() / CLOCK_DAY));
        sql_add(sql, ")");
    }
}

static void add_text_filters(struct sql *sql, bool *any, const struct list *list)
{
    static const char *const searched[] = {"title", "coalesce(description, '')"};
    const struct task_query *query = list->query;
    if (is_given(list, &query->tags))
        add_tags(sql, any, query->tags);
    if (is_given(list, &query->search) && query->search.length > 0) {
        next_condition(sql, any);
        folded_add_contains(sql, list->connection, list->arena, searched, 2, query->search);
    }
    if (is_given(list, &query->city)) {
        next_condition(sql, any);
        folded_add_city(sql, list->connection, list->arena, query->city);
    }
}

/* Dates are compared in days; the day of a timestamp is the day it falls on. */
static int64_t day_of(int64_t moment)
{
    return moment / CLOCK_DAY - (moment % CLOCK_DAY < 0);
}

static void add_time_filters(struct sql *sql, bool *any, const struct list *list)
{
    const struct task_query *query = list->query;
    if (is_given(list, &query->created_after))
        add_comparison(sql, any, "created_at >= ", query->created_after);
    if (is_given(list, &query->created_before))
        add_comparison(sql, any, "created_at <= ", query->created_before);
    if (is_given(list, &query->due_after))
        add_comparison(sql, any, "due_date >= ", day_of(query->due_after));
    if (is_given(list, &query->due_before))
        add_comparison(sql, any, "due_date <= ", day_of(query->due_before));
}

static void add_conditions(struct sql *sql, bool *any, const struct list *list)
{
    add_ownership(sql, any, &list->ownership);
    add_state_filters(sql, any, list);
    add_text_filters(sql, any, list);
    add_time_filters(sql, any, list);
}

/* The rows of the page and one more, which tells whether there is a next one. */

static bool is_descending(const struct list *list)
{
    return list->query->sort_order == 1;
}

static bool sorts_by_id(const struct list *list)
{
    return list->query->sort_by == TASK_SORT_ID;
}

static void add_cursor(struct sql *sql, bool *any, const struct list *list)
{
    const char *comparison = is_descending(list) ? " < " : " > ";
    next_condition(sql, any);
    if (sorts_by_id(list)) {
        sql_add(sql, "id");
        sql_add(sql, comparison);
        sql_value(sql, db_integer(list->cursor.id));
        return;
    }
    sql_add(sql, "(");
    sql_add(sql, list->key);
    sql_add(sql, ", id)");
    sql_add(sql, comparison);
    sql_add(sql, "(");
    sql_value(sql, list->cursor.key);
    sql_add(sql, ", ");
    sql_value(sql, db_integer(list->cursor.id));
    sql_add(sql, ")");
}

static void add_order(struct sql *sql, const struct list *list)
{
    const char *direction = is_descending(list) ? " DESC" : "";
    sql_add(sql, " ORDER BY ");
    if (!sorts_by_id(list)) {
        sql_add(sql, list->key);
        sql_add(sql, direction);
        sql_add(sql, ", ");
    }
    sql_add(sql, "id");
    sql_add(sql, direction);
}

/* One source of what a search by the index finds. `part` is whether the page is wanted and not the
 * total: by id, no more than its rows can be among its first ones. */
static void add_source(struct sql *sql, const struct list *list, bool part,
                       void (*add_candidates)(struct sql *sql, const struct task_search *search))
{
    bool any = true;
    sql_add(sql, "SELECT id FROM (");
    add_candidates(sql, &list->search);
    add_conditions(sql, &any, list);
    if (part && list->has_cursor)
        add_cursor(sql, &any, list);
    if (part && sorts_by_id(list)) {
        sql_add(sql, is_descending(list) ? " ORDER BY 1 DESC LIMIT " : " ORDER BY 1 LIMIT ");
        sql_value(sql, db_integer(list->query->paging.skip + list->query->paging.limit + 1));
    }
    sql_add(sql, ") AS source");
}

/* " WHERE ...": the tasks of the page and those behind it, or all that match. */
static void add_matches(struct sql *sql, const struct list *list, bool part)
{
    bool any = false;
    if (list->search.by_index) {
        sql_add(sql, " WHERE id IN (");
        add_source(sql, list, part, task_search_add_indexed);
        sql_add(sql, " UNION ");
        add_source(sql, list, part, task_search_add_outstanding);
        sql_add(sql, ")");
        return;
    }
    add_conditions(sql, &any, list);
    if (part && list->has_cursor)
        add_cursor(sql, &any, list);
}

static struct text cursor_after(const struct list *list, const struct db_rows *rows, int column,
                                int64_t id)
{
    struct cursor cursor = {
        .sort = list->query->sort_by,
        .descending = is_descending(list),
        .key = list->sorting->is_text ? db_text(db_column_text(rows, column))
                                      : db_integer(db_column_integer(rows, column)),
        .id = id,
    };
    return cursor_encode(list->arena, &cursor);
}

static int read_tasks(struct db_connection *connection, struct list *list)
{
    const struct paging *paging = &list->query->paging;
    struct sql sql;
    sql_init(&sql, list->arena);
    sql_add(&sql, "SELECT ");
    row_add_columns(&sql, &task_schema);
    sql_add(&sql, ", ");
    sql_add(&sql, list->key);
    sql_add(&sql, " FROM tasks");
    add_matches(&sql, list, true);
    add_order(&sql, list);
    sql_add(&sql, " LIMIT ");
    sql_value(&sql, db_integer(paging->limit + 1));
    sql_add(&sql, " OFFSET ");
    sql_value(&sql, db_integer(paging->skip));

    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = sql_query(&sql, connection, &rows);
    if (more < 0)
        return more;
    struct task *tasks = arena_allocate(list->arena, (size_t)paging->limit * sizeof *tasks);
    size_t count = 0;
    struct text next_cursor = TEXT_NULL;
    struct text after_last = TEXT_NULL;
    while ((more = db_rows_next(&rows)) > 0) {
        if (count == (size_t)paging->limit) {
            next_cursor = after_last;
            continue;
        }
        int column = task_decode(&rows, list->arena, &tasks[count++]);
        if (count == (size_t)paging->limit)
            after_last = cursor_after(list, &rows, column, tasks[count - 1].id);
    }
    list->page->tasks = (struct schema_list){tasks, count, sizeof *tasks};
    list->page->next_cursor = next_cursor;
    return more;
}

static bool has_filters(const struct list *list)
{
    return list->given >> TASK_QUERY_FIRST_FILTER != 0;
}

/* How many match in all. Without filters that is kept in task_totals, not counted. */
static int read_total(struct db_connection *connection, const struct list *list, int64_t *ret_total)
{
    struct sql sql;
    sql_init(&sql, list->arena);
    if (has_filters(list)) {
        sql_add(&sql, "SELECT count(*) FROM tasks");
        add_matches(&sql, list, false);
    } else {
        bool any = false;
        sql_add(&sql, "SELECT coalesce(sum(total), 0) FROM task_totals");
        add_ownership(&sql, &any, &list->ownership);
    }
    return sql_query_integer(&sql, connection, ret_total);
}

static int run_list(struct db_connection *connection, void *argument)
{
    struct list *list = argument;
    list->connection = connection;
    int error = 0;
    if (list->query->search.length > 0)
        error =
            task_search_plan(connection, list->query->search, list->ownership.owner, &list->search);
    if (error >= 0)
        error = read_tasks(connection, list);
    int64_t total = FIELD_INTEGER_NULL;
    if (error >= 0 && list->query->paging.total)
        error = read_total(connection, list, &total);
    list->page->page = paging_describe(&list->query->paging, total);
    return error;
}

/* A task has at most TAGS_LIMIT tags, so a filter for more of them is a mistake. */
static void check_tags(const struct list *list, struct problems *problems)
{
    struct text tags = list->query->tags;
    struct text tag;
    int count = 0;
    while (text_split(&tags, ',', &tag))
        count++;
    if (count > TAGS_LIMIT)
        problem_value(problems, "tags", "List should have at most 50 items");
}

static int resolve_cursor(struct list *list, struct problems *problems)
{
    struct text text = list->query->paging.cursor;
    if (text.data == NULL)
        return 0;
    struct cursor cursor;
    if (cursor_decode(list->arena, text, &cursor) < 0 ||
        (cursor.key.type == DB_TEXT) != list->sorting->is_text) {
        problem_value(problems, "cursor", "This is not a cursor of a task list");
        return ERROR_INVALID;
    }
    if (cursor.sort != list->query->sort_by || cursor.descending != is_descending(list)) {
        problem_value(problems, "cursor", "This cursor belongs to a list sorted otherwise");
        return ERROR_INVALID;
    }
    list->has_cursor = true;
    list->cursor = cursor;
    return 0;
}

int task_list(struct services *services, const struct actor *actor, enum task_scope scope,
              struct task_query *query, uint64_t given, int64_t default_limit,
              struct problems *problems, struct task_page *ret_page)
{
    problems->location = LOCATION_QUERY;
    paging_resolve(&query->paging, default_limit, problems);
    const struct task_sorting *sorting = task_sorting_of(query->sort_by);
    struct list list = {
        .arena = problems->arena,
        .query = query,
        .given = given,
        .sorting = sorting,
        .key = query->sort_order == 1 ? sorting->descending : sorting->ascending,
        .page = ret_page,
    };
    resolve_cursor(&list, problems);
    check_tags(&list, problems);
    if (problems->count > 0)
        return ERROR_INVALID;
    int error = resolve_ownership(&list, actor, scope);
    if (error < 0)
        return error;
    bool light = !has_filters(&list) && sorts_by_id(&list) && query->paging.skip <= LIGHT_SKIP &&
                 query->paging.limit <= PAGING_LIMIT_MAXIMUM;
    return db_read(services->db, light ? DB_LIGHT : DB_HEAVY, run_list, &list);
}
