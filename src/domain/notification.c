#include "domain/notification.h"

#include "base/clock.h"
#include "base/error.h"
#include "domain/cursor.h"
#include "domain/job.h"
#include "domain/operation_server.h"
#include "domain/row.h"
#include "domain/transaction.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAXIMUM = 100 };

static const char completed[] = "task.completed";

static const struct field fields[] = {
    {.name = "id",
     .type = FIELD_INTEGER,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct notification, id),
     .description = "Identifier"},
    {.name = "event",
     .type = FIELD_TEXT,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct notification, event),
     .description = "What happened",
     .example = "\"task.completed\""},
    {.name = "task_id",
     .type = FIELD_INTEGER,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct notification, task_id),
     .description = "The task that it happened to"},
    {.name = "message",
     .type = FIELD_TEXT,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct notification, message),
     .description = "The same in words",
     .example = "\"Task \\\"Prepare Report\\\" is done\""},
    {.name = "created_at",
     .type = FIELD_TIMESTAMP,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct notification, created_at)},
    {.name = "read_at",
     .type = FIELD_TIMESTAMP,
     .flags = FIELD_NULLABLE | FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct notification, read_at),
     .description = "When it was marked as read; null until then"},
};

static const struct schema notification_schema = {
    .name = "Notification",
    .description = "What a user is told",
    SCHEMA_FIELDS(fields),
    .size = sizeof(struct notification),
};

static const struct field query_fields[] = {
    {.name = "limit",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct notification_query, limit),
     .minimum = 1,
     .maximum = LIMIT_MAXIMUM,
     .default_value = "50",
     .description = "How many at most"},
    {.name = "cursor",
     .type = FIELD_TEXT,
     .offset = offsetof(struct notification_query, cursor),
     .minimum = 1,
     .maximum = 4096,
     .description = "The next_cursor of the page before"},
    {.name = "unread",
     .type = FIELD_BOOLEAN,
     .offset = offsetof(struct notification_query, unread),
     .default_value = "false",
     .description = "Only those that are not marked as read"},
};

static void init_query(void *structure)
{
    struct notification_query *query = structure;
    query->limit = LIMIT_DEFAULT;
}

const struct schema notification_query_schema = {
    SCHEMA_FIELDS(query_fields),
    .size = sizeof(struct notification_query),
    .init = init_query,
};

static const struct field page_fields[] = {
    {.name = "notifications",
     .type = FIELD_LIST,
     .flags = FIELD_READ_ONLY,
     .offset = offsetof(struct notification_page, notifications),
     .items = &notification_schema},
    {.name = "next_cursor",
     .type = FIELD_TEXT,
     .flags = FIELD_NULLABLE | FIELD_READ_ONLY,
     .offset = offsetof(struct notification_page, next_cursor),
     .description = "For the page after this one; null on the last"},
};

const struct schema notification_page_schema = {
    .name = "NotificationPage",
    .description = "A page of notifications, newest first",
    SCHEMA_FIELDS(page_fields),
};

static const struct field count_fields[] = {
    {.name = "count",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct notification_count, count),
     .description = "How many were not read before"},
};

const struct schema notification_count_schema = {
    .name = "NotificationCount",
    .description = "How many notifications were marked",
    SCHEMA_FIELDS(count_fields),
};

/* Writing. */

int notification_order(struct db_connection *connection, struct arena *arena,
                       const struct task *task)
{
    const struct job_order order = {
        .operation = OPERATION_NOTIFY,
        .data = arena_format(arena, "%jd:%jd", (intmax_t)task->id, (intmax_t)task->version),
    };
    return job_order(connection, arena, &order);
}

struct record {
    int64_t task_id;
    int64_t version;
    int64_t count;
};

/* The owner and, where that is another, the assignee; nobody when the task is gone. */
static int run_record(struct db_connection *connection, void *argument)
{
    struct record *record = argument;
    int written = db_execute(
        connection,
        TEXT("INSERT INTO notifications (user_id, task_id, event, task_version, message, "
             "created_at) SELECT users.id, tasks.id, $3, $2, 'Task \"' || title || '\" is done', "
             "$4 FROM tasks JOIN users ON users.id IN (tasks.user_id, tasks.assigned_user_id) "
             "WHERE tasks.id = $1 ON CONFLICT (task_id, task_version, user_id) DO NOTHING"),
        DB_VALUES(db_integer(record->task_id), db_integer(record->version),
                  db_text(text_from(completed)), db_integer(clock_now())));
    if (written < 0)
        return written;
    record->count = written;
    return 0;
}

int notification_record(struct services *services, struct text data, int64_t *ret_count)
{
    struct record record;
    struct text rest = data;
    struct text task_id;
    if (!text_split(&rest, ':', &task_id) || text_parse_integer(task_id, &record.task_id) < 0 ||
        text_parse_integer(rest, &record.version) < 0)
        return ERROR_INVALID;
    int error = db_write(services->db, run_record, &record);
    if (error == 0)
        *ret_count = record.count;
    return error;
}

/* Reading. */

struct list {
    struct arena *arena;
    const struct actor *actor;
    const struct notification_query *query;
    int64_t before; /* id; INT64_MAX for the first page */
    struct notification_page *page;
};

static int run_list(struct db_connection *connection, void *argument)
{
    const struct list *list = argument;
    struct sql sql;
    sql_init(&sql, list->arena);
    sql_add(&sql, "SELECT ");
    row_add_columns(&sql, &notification_schema);
    sql_add(&sql, " FROM notifications WHERE user_id = ");
    sql_value(&sql, db_integer(list->actor->user_id));
    sql_add(&sql, " AND id < ");
    sql_value(&sql, db_integer(list->before));
    if (list->query->unread)
        sql_add(&sql, " AND read_at IS NULL");
    sql_add(&sql, " ORDER BY id DESC LIMIT ");
    sql_value(&sql, db_integer(list->query->limit + 1));
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = sql_query(&sql, connection, &rows);
    if (more < 0)
        return more;
    size_t limit = (size_t)list->query->limit;
    struct notification *items = arena_allocate_zeroed(list->arena, limit * sizeof *items);
    struct text next_cursor = TEXT_NULL;
    size_t count = 0;
    while ((more = db_rows_next(&rows)) > 0) {
        if (count < limit)
            row_decode(&notification_schema, &rows, list->arena, &items[count++]);
        else
            next_cursor = cursor_encode_sequence(list->arena, items[count - 1].id);
    }
    *list->page = (struct notification_page){{items, count, sizeof *items}, next_cursor};
    return more;
}

int notification_list(struct services *services, const struct actor *actor,
                      const struct notification_query *query, struct problems *problems,
                      struct notification_page *ret_page)
{
    struct list list = {problems->arena, actor, query, INT64_MAX, ret_page};
    if (query->cursor.data != NULL &&
        cursor_decode_sequence(list.arena, query->cursor, &list.before) < 0) {
        problems->location = LOCATION_QUERY;
        problem_value(problems, "cursor", "This is not a cursor of this list");
        return ERROR_INVALID;
    }
    return db_read(services->db, DB_LIGHT, run_list, &list);
}

struct reading {
    int64_t user_id;
    int64_t count;
};

static int run_read_all(struct db_connection *connection, void *argument)
{
    struct reading *reading = argument;
    int changed = db_execute(connection,
                             TEXT("UPDATE notifications SET read_at = $2 "
                                  "WHERE user_id = $1 AND read_at IS NULL"),
                             DB_VALUES(db_integer(reading->user_id), db_integer(clock_now())));
    if (changed < 0)
        return changed;
    reading->count = changed;
    return 0;
}

int notification_read_all(struct services *services, const struct actor *actor,
                          struct notification_count *ret_count)
{
    struct reading reading = {.user_id = actor->user_id};
    int error = transaction_write(services, actor, run_read_all, &reading);
    if (error == 0)
        ret_count->count = reading.count;
    return error;
}
