#include "domain/event_list.h"

#include "base/error.h"
#include "domain/cursor.h"
#include "domain/fold.h"
#include "domain/row.h"
#include "domain/task.h"

/* A query whose parts are understood. */
struct list {
    struct arena *arena;
    const struct event_query *query;
    const struct actor *actor; /* NULL where access is settled */
    int64_t actor_id;          /* filters; FIELD_INTEGER_NULL, here and below: any */
    struct text actor_name;    /* folded; the null text: any */
    struct text resource_type; /* the null text: any */
    int64_t resource_id;
    int64_t before; /* seq */
    struct event_page *page;
};

static void add_condition(struct sql *sql, bool *any, const char *comparison)
{
    sql_add(sql, *any ? " AND " : " WHERE ");
    sql_add(sql, comparison);
    *any = true;
}

static void add_text(struct sql *sql, bool *any, const char *comparison, struct text value)
{
    if (value.data == NULL)
        return;
    add_condition(sql, any, comparison);
    sql_value(sql, db_text(value));
}

static void add_integer(struct sql *sql, bool *any, const char *comparison, int64_t value)
{
    if (value == FIELD_INTEGER_NULL)
        return;
    add_condition(sql, any, comparison);
    sql_value(sql, db_integer(value));
}

static void add_conditions(struct sql *sql, const struct list *list)
{
    bool any = false;
    add_integer(sql, &any, "seq < ", list->before);
    add_integer(sql, &any, "resource_id = ", list->resource_id);
    add_text(sql, &any, "resource_type = ", list->resource_type);
    add_text(sql, &any, "action = ", list->query->action);
    add_integer(sql, &any, "at >= ", list->query->since);
    add_integer(sql, &any, "at <= ", list->query->until);
    add_integer(sql, &any, "actor_id = ", list->actor_id);
    if (list->actor_name.data != NULL) {
        add_text(sql, &any,
                 "actor_id = (SELECT id FROM users WHERE username_folded = ", list->actor_name);
        sql_add(sql, ")");
    }
}

static int run_list(struct db_connection *connection, void *argument)
{
    struct list *list = argument;
    struct sql sql;
    sql_init(&sql, list->arena);
    sql_add(&sql, "SELECT ");
    row_add_columns(&sql, &event_row_schema);
    sql_add(&sql, " FROM events");
    add_conditions(&sql, list);
    sql_add(&sql, " ORDER BY seq DESC LIMIT ");
    sql_value(&sql, db_integer(list->query->limit + 1));
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = sql_query(&sql, connection, &rows);
    if (more < 0)
        return more;
    size_t limit = (size_t)list->query->limit;
    struct event_row *events = arena_allocate_zeroed(list->arena, limit * sizeof *events);
    struct text next_cursor = TEXT_NULL;
    size_t count = 0;
    while ((more = db_rows_next(&rows)) > 0) {
        if (count < limit) {
            row_decode(&event_row_schema, &rows, list->arena, &events[count++]);
            continue;
        }
        next_cursor = cursor_encode_sequence(list->arena, events[count - 1].seq);
    }
    *list->page = (struct event_page){{events, count, sizeof *events}, next_cursor};
    return more;
}

static void resolve_cursor(struct list *list, struct problems *problems)
{
    struct text text = list->query->cursor;
    if (text.data != NULL && cursor_decode_sequence(list->arena, text, &list->before) < 0)
        problem_value(problems, "cursor", "This is not a cursor of the log");
}

static void resolve_filters(struct list *list, struct problems *problems)
{
    const struct event_query *query = list->query;
    if (query->actor.data != NULL && text_parse_integer(query->actor, &list->actor_id) < 0) {
        list->actor_id = FIELD_INTEGER_NULL;
        list->actor_name = text_fold(list->arena, query->actor);
    }
    struct text rest = query->resource;
    if (rest.data == NULL)
        return;
    text_split(&rest, ':', &list->resource_type);
    if (rest.data != NULL && text_parse_integer(rest, &list->resource_id) < 0)
        problem_value(problems, "resource", "Input should be a type, or type:id");
}

/* The query understood; ERROR_INVALID with problems. */
static int resolve(struct list *list, const struct event_query *query, struct problems *problems,
                   struct event_page *page)
{
    *list = (struct list){
        .arena = problems->arena,
        .query = query,
        .actor_id = FIELD_INTEGER_NULL,
        .resource_id = FIELD_INTEGER_NULL,
        .before = FIELD_INTEGER_NULL,
        .page = page,
    };
    problems->location = LOCATION_QUERY;
    resolve_cursor(list, problems);
    resolve_filters(list, problems);
    return problems->count > 0 ? ERROR_INVALID : 0;
}

int event_list(struct services *services, const struct event_query *query,
               struct problems *problems, struct event_page *ret_page)
{
    struct list list;
    int error = resolve(&list, query, problems, ret_page);
    if (error < 0)
        return error;
    return db_read(services->db, DB_HEAVY, run_list, &list);
}

/* A task is made by its first owner, and an owner never changes. */
static int check_deleted(struct db_connection *connection, const struct list *list)
{
    int64_t maker;
    int error =
        db_query_integer(connection,
                         TEXT("SELECT coalesce(actor_id, 0) FROM events WHERE resource_id = $1 "
                              "AND resource_type = 'task' ORDER BY seq LIMIT 1"),
                         DB_VALUES(db_integer(list->resource_id)), &maker);
    if (error < 0)
        return error;
    return list->actor->is_admin || maker == list->actor->user_id ? 0 : ERROR_NOT_FOUND;
}

static int check_access(struct db_connection *connection, const struct list *list)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(connection,
                        TEXT("SELECT user_id, coalesce(assigned_user_id, 0) FROM tasks "
                             "WHERE id = $1"),
                        DB_VALUES(db_integer(list->resource_id)), &rows);
    if (more >= 0)
        more = db_rows_next(&rows);
    if (more < 0)
        return more;
    if (more == 0)
        return check_deleted(connection, list);
    const struct task task = {.user_id = db_column_integer(&rows, 0),
                              .assigned_user_id = db_column_integer(&rows, 1)};
    return task_is_readable(list->actor, &task) ? 0 : ERROR_FORBIDDEN;
}

static int run_list_task(struct db_connection *connection, void *argument)
{
    int error = check_access(connection, argument);
    return error < 0 ? error : run_list(connection, argument);
}

int event_list_task(struct services *services, const struct actor *actor, int64_t task_id,
                    const struct event_query *query, struct problems *problems,
                    struct event_page *ret_page)
{
    struct list list;
    int error = resolve(&list, query, problems, ret_page);
    if (error < 0)
        return error;
    list.actor = actor;
    list.resource_type = TEXT("task");
    list.resource_id = task_id;
    return db_read(services->db, DB_LIGHT, run_list_task, &list);
}
