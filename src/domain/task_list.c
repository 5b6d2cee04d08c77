#include "domain/task_list.h"

#include "base/error.h"
#include "domain/cursor.h"
#include "domain/row.h"
#include "domain/task_filter.h"
#include "domain/task_search.h"
#include "domain/task_sort.h"

enum { LIGHT_SKIP = 1000 /* rows that a read in place may pass over */ };

struct list {
    struct arena *arena;
    const struct task_query *query;
    struct task_filter filter;
    const struct task_sorting *sorting;
    const char *key; /* SQL */
    bool has_cursor;
    struct cursor cursor;
    struct task_search search;
    struct task_page *page;
};

/* The rows of the page and one more, which tells whether there is a next one. */

static bool is_descending(const struct list *list)
{
    return list->query->sort_order == 1;
}

static bool sorts_by_id(const struct list *list)
{
    return list->query->sort_by == TASK_SORT_ID;
}

/* `id` is the column that has the id: which of several equal ones matters to the planner. */
static void add_cursor(struct sql *sql, bool *any, const struct list *list, const char *id)
{
    const char *comparison = is_descending(list) ? " < " : " > ";
    sql_add_condition(sql, any);
    if (sorts_by_id(list)) {
        sql_add(sql, id);
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
static void add_source(struct sql *sql, const struct list *list, bool part, const char *id,
                       void (*add_candidates)(struct sql *sql, const struct task_search *search))
{
    bool any = true;
    sql_add(sql, "SELECT id FROM (");
    add_candidates(sql, &list->search);
    task_filter_add(&list->filter, sql, &any);
    if (part && list->has_cursor)
        add_cursor(sql, &any, list, id);
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
        add_source(sql, list, part, TASK_SEARCH_ID, task_search_add_indexed);
        sql_add(sql, " UNION ");
        add_source(sql, list, part, "id", task_search_add_outstanding);
        sql_add(sql, ")");
        return;
    }
    task_filter_add(&list->filter, sql, &any);
    if (part && list->has_cursor)
        add_cursor(sql, &any, list, "id");
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

/* How many match in all: from the totals that are kept, or counted where those say too little. */
static int read_total(struct db_connection *connection, const struct list *list, int64_t *ret_total)
{
    struct sql sql;
    sql_init(&sql, list->arena);
    if (task_filter_has_kept_total(&list->filter)) {
        bool any = false;
        sql_add(&sql, "SELECT coalesce(sum(total), 0) FROM task_totals");
        task_filter_add(&list->filter, &sql, &any);
    } else {
        sql_add(&sql, "SELECT count(*) FROM tasks");
        add_matches(&sql, list, false);
    }
    return sql_query_integer(&sql, connection, ret_total);
}

static int run_list(struct db_connection *connection, void *argument)
{
    struct list *list = argument;
    list->filter.connection = connection;
    int error = 0;
    if (list->query->search.length > 0)
        error = task_search_plan(connection, list->query->search, list->filter.ownership.owner,
                                 &list->search);
    if (error >= 0)
        error = read_tasks(connection, list);
    int64_t total = FIELD_INTEGER_NULL;
    if (error >= 0 && list->query->paging.total)
        error = read_total(connection, list, &total);
    list->page->page = paging_describe(&list->query->paging, total);
    return error;
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
        .sorting = sorting,
        .key = query->sort_order == 1 ? sorting->descending : sorting->ascending,
        .page = ret_page,
    };
    resolve_cursor(&list, problems);
    task_filter_init(&list.filter, query, given, problems);
    if (problems->count > 0)
        return ERROR_INVALID;
    int error = task_filter_resolve(&list.filter, actor, scope);
    if (error < 0)
        return error;
    bool light = task_filter_is_empty(&list.filter) && sorts_by_id(&list) &&
                 query->paging.skip <= LIGHT_SKIP && query->paging.limit <= PAGING_LIMIT_MAXIMUM;
    return db_read(services->db, light ? DB_LIGHT : DB_HEAVY, run_list, &list);
}
