#include "domain/feed_read.h"

#include "base/error.h"
#include "base/json.h"
#include "domain/row.h"
#include "domain/task.h"
#include "domain/user.h"
#include "schema/encode.h"
#include "schema/json_tree.h"

enum { MESSAGE_LIMIT = 1 << 20 };

/* A row of the log on its way into a message. */
struct row {
    int64_t seq;
    int64_t at;
    int64_t actor_id;
    struct text action;
    struct text type;
    int64_t resource_id;
    const json_t *changes;
    /* What it is about, once that was looked up. */
    int64_t task_id; /* 0: no task */
    bool has_task;   /* `task` is there */
    struct task task;
    const json_t *last_changes; /* of a task that is gone: those of its end */
};

struct reading {
    struct db_connection *connection;
    struct arena *arena;
};

/* Values in changes: {"title":["old","new"]}. */

static const json_t *old_value(const json_t *changes, const char *name)
{
    return json_array_get(json_object_get(changes, name), 0);
}

/* What it came to be; what it was, of something that is gone. */
static const json_t *known_value(const json_t *change)
{
    const json_t *value = json_array_get(change, 1);
    return value == NULL || json_is_null(value) ? json_array_get(change, 0) : value;
}

static int64_t integer_or_null(const json_t *value)
{
    return json_is_integer(value) ? json_integer_value(value) : FIELD_INTEGER_NULL;
}

static void release_dump(void *dump)
{
    free(dump);
}

/* The known value of every field that changed, as members. */
static void put_values(const struct reading *reading, const json_t *changes, struct json *json)
{
    const char *name;
    const json_t *change;
    json_object_foreach((json_t *)changes, name, change)
    {
        char *dump = json_dumps(known_value(change), JSON_COMPACT | JSON_ENCODE_ANY);
        if (dump == NULL)
            continue;
        arena_defer(reading->arena, release_dump, dump);
        json_key(json, name);
        json_put_raw(json, text_from(dump));
    }
}

/* Tasks. */

static int find_task(const struct reading *reading, struct row *row)
{
    struct sql sql;
    sql_init(&sql, reading->arena);
    sql_add(&sql, "SELECT ");
    row_add_columns(&sql, &task_schema);
    sql_add(&sql, " FROM tasks WHERE id = ");
    sql_value(&sql, db_integer(row->task_id));
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = sql_query_one(&sql, reading->connection, &rows);
    if (error == 0)
        task_decode(&rows, reading->arena, &row->task);
    row->has_task = error == 0;
    return error == ERROR_NOT_FOUND ? 0 : error;
}

/* Of a task that is gone: what its last event holds, and its owner, who made it. */
static int find_gone_task(const struct reading *reading, struct row *row)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(reading->connection,
                        TEXT("SELECT action, changes, actor_id FROM events WHERE resource_id = $1 "
                             "AND resource_type = 'task' AND action IN ('task.created', "
                             "'task.deleted') ORDER BY seq"),
                        DB_VALUES(db_integer(row->task_id)), &rows);
    row->task.user_id = row->task.assigned_user_id = FIELD_INTEGER_NULL;
    while (more >= 0 && (more = db_rows_next(&rows)) > 0) {
        if (text_is(db_column_text(&rows, 0), "task.created")) {
            row->task.user_id =
                db_column_is_null(&rows, 2) ? FIELD_INTEGER_NULL : db_column_integer(&rows, 2);
        } else {
            more =
                json_tree_parse(reading->arena, db_column_text(&rows, 1), &row->last_changes, NULL);
            row->task.assigned_user_id =
                integer_or_null(old_value(row->last_changes, "assigned_user_id"));
        }
    }
    return more;
}

static int look_up_task(const struct reading *reading, struct row *row)
{
    if (!row->has_task) {
        int error = find_task(reading, row);
        if (error < 0)
            return error;
    }
    return row->has_task ? 0 : find_gone_task(reading, row);
}

static void put_task(const struct reading *reading, const struct row *row, struct json *json)
{
    json_key(json, "task");
    if (row->has_task) {
        encode_json(&task_schema, &row->task, json);
        return;
    }
    json_begin_object(json);
    json_key(json, "id");
    json_put_integer(json, row->task_id);
    json_key(json, "user_id");
    if (row->task.user_id == FIELD_INTEGER_NULL)
        json_put_null(json);
    else
        json_put_integer(json, row->task.user_id);
    put_values(reading, row->last_changes, json);
    json_end_object(json);
}

/* Messages. */

static void begin_message(const struct row *row, struct text event, struct json *json)
{
    json_begin_object(json);
    json_key(json, "seq");
    json_put_integer(json, row->seq);
    json_key(json, "event");
    json_put_text(json, event);
    json_key(json, "at");
    json_put_timestamp(json, row->at);
    json_key(json, "actor_id");
    if (row->actor_id == FIELD_INTEGER_NULL)
        json_put_null(json);
    else
        json_put_integer(json, row->actor_id);
}

static void write_farewell(const struct reading *reading, const struct row *row,
                           struct feed_event *event)
{
    struct buffer buffer;
    struct json json;
    buffer_init(&buffer, reading->arena, MESSAGE_LIMIT);
    json_init(&json, &buffer);
    begin_message(row, TEXT("task.deleted"), &json);
    json_key(&json, "task");
    json_begin_object(&json);
    json_key(&json, "id");
    json_put_integer(&json, row->task_id);
    json_end_object(&json);
    json_end_object(&json);
    event->farewell = buffer_text(&buffer);
}

static void address_task(const struct reading *reading, const struct row *row,
                         struct feed_event *event)
{
    event->owner_id = row->task.user_id;
    event->assignee_id = row->task.assigned_user_id;
    int64_t former = integer_or_null(old_value(row->changes, "assigned_user_id"));
    if (!text_is(row->type, "task") || former == FIELD_INTEGER_NULL || former == event->owner_id ||
        former == event->assignee_id)
        return;
    event->former_id = former;
    write_farewell(reading, row, event);
}

static int tell_task(const struct reading *reading, struct row *row, struct feed_event *event,
                     struct json *json)
{
    row->task_id = row->resource_id;
    int error = look_up_task(reading, row);
    if (error < 0)
        return error;
    address_task(reading, row, event);
    begin_message(row, row->action, json);
    put_task(reading, row, json);
    json_end_object(json);
    return 0;
}

static int tell_file(const struct reading *reading, struct row *row, struct feed_event *event,
                     struct json *json)
{
    row->task_id = integer_or_null(known_value(json_object_get(row->changes, "task_id")));
    int error = look_up_task(reading, row);
    if (error < 0)
        return error;
    address_task(reading, row, event);
    begin_message(row, row->action, json);
    put_task(reading, row, json);
    json_key(json, "file");
    json_begin_object(json);
    json_key(json, "id");
    json_put_integer(json, row->resource_id);
    put_values(reading, row->changes, json);
    json_end_object(json);
    json_end_object(json);
    return 0;
}

static int tell_job(const struct reading *reading, struct row *row, struct feed_event *event,
                    struct json *json)
{
    event->owner_id = row->actor_id; /* a job ends in the name of who ordered it */
    begin_message(row, row->action, json);
    json_key(json, "task");
    json_put_null(json);
    json_key(json, "job");
    json_begin_object(json);
    put_values(reading, row->changes, json);
    json_end_object(json);
    json_end_object(json);
    return 0;
}

static int note_account(const struct reading *reading, struct row *row, struct feed_event *event,
                        struct json *json)
{
    (void)json;
    struct user user = {0};
    int error = user_load(reading->connection, reading->arena, row->resource_id, &user);
    if (error < 0 && error != ERROR_NOT_FOUND)
        return error;
    event->account_id = row->resource_id;
    event->account_is_active = error == 0 && user.is_active;
    event->account_is_admin = error == 0 && user.role == ROLE_ADMIN;
    event->account_generation = user.token_generation;
    return 0;
}

static const struct {
    const char *type;
    int (*tell)(const struct reading *reading, struct row *row, struct feed_event *event,
                struct json *json);
} types[] = {
    {"task", tell_task},
    {"file", tell_file},
    {"job", tell_job},
    {"user", note_account},
};

static int tell(const struct reading *reading, struct row *row, struct feed_event *event)
{
    struct buffer buffer;
    struct json json;
    buffer_init(&buffer, reading->arena, MESSAGE_LIMIT);
    json_init(&json, &buffer);
    *event = (struct feed_event){
        .seq = row->seq,
        .at = row->at,
        .owner_id = FIELD_INTEGER_NULL,
        .assignee_id = FIELD_INTEGER_NULL,
        .former_id = FIELD_INTEGER_NULL,
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (!text_is(row->type, types[i].type))
            continue;
        int error = types[i].tell(reading, row, event, &json);
        if (error < 0)
            return error;
    }
    if (buffer_overflowed(&buffer))
        return ERROR_TOO_LARGE;
    if (buffer.length > 0)
        event->message = buffer_text(&buffer);
    return 0;
}

/* Rows. */

/* A task that is there comes with its event: the columns of the two have different names. */
static int query(const struct reading *reading, int64_t after, int64_t until, int64_t count,
                 struct db_rows *ret_rows)
{
    struct sql sql;
    sql_init(&sql, reading->arena);
    sql_add(&sql, "SELECT ");
    row_add_columns(&sql, &task_schema);
    sql_add(&sql, ", seq, at, actor_id, action, resource_type, resource_id, changes FROM events "
                  "LEFT JOIN tasks ON resource_type = 'task' AND id = resource_id WHERE seq > ");
    sql_value(&sql, db_integer(after));
    sql_add(&sql, " AND seq <= ");
    sql_value(&sql, db_integer(until));
    sql_add(&sql, " ORDER BY seq LIMIT ");
    sql_value(&sql, db_integer(count));
    return sql_query(&sql, reading->connection, ret_rows);
}

static void decode(const struct reading *reading, const struct db_rows *rows, struct row *row)
{
    int column = task_decode(rows, reading->arena, &row->task);
    row->has_task = !db_column_is_null(rows, 0);
    row->seq = db_column_integer(rows, column);
    row->at = db_column_integer(rows, column + 1);
    row->actor_id = db_column_is_null(rows, column + 2) ? FIELD_INTEGER_NULL
                                                        : db_column_integer(rows, column + 2);
    row->action = arena_copy(reading->arena, db_column_text(rows, column + 3));
    row->type = arena_copy(reading->arena, db_column_text(rows, column + 4));
    row->resource_id = db_column_integer(rows, column + 5);
    struct text changes = db_column_text(rows, column + 6);
    if (json_tree_parse(reading->arena, changes, &row->changes, NULL) < 0)
        row->changes = NULL; /* tampered with; errand audit verify tells */
}

int feed_read(struct db_connection *connection, struct arena *arena, int64_t after, int64_t until,
              int64_t count, struct feed_part *ret_part)
{
    const struct reading reading = {connection, arena};
    struct row *found = arena_allocate_zeroed(arena, (size_t)count * sizeof *found);
    struct feed_part part = {.last = after};
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = query(&reading, after, until, count, &rows);
    while (more >= 0 && (more = db_rows_next(&rows)) > 0)
        decode(&reading, &rows, &found[part.count++]);
    db_rows_end(&rows);
    if (more < 0)
        return more;
    part.events = arena_allocate(arena, (part.count + 1) * sizeof *part.events);
    for (size_t i = 0; i < part.count; i++) {
        int error = tell(&reading, &found[i], &part.events[i]);
        if (error < 0)
            return error;
        part.last = found[i].seq;
    }
    *ret_part = part;
    return 0;
}
