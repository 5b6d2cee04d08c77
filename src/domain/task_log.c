#include "domain/task_log.h"

#include "base/clock.h"
#include "base/error.h"
#include "domain/row.h"

enum { WRITE_BATCH = 5000 }; /* tasks that one transaction looks at: others write in between */

int task_log_append(struct db_connection *connection, struct task *task)
{
    return db_query_integer(connection,
                            TEXT("INSERT INTO task_log (task_id, date_logged, active) "
                                 "VALUES ($1, $2, $3) RETURNING task_logger_id"),
                            DB_VALUES(db_integer(task->id), db_integer(clock_now() / CLOCK_DAY),
                                      db_integer(task->status != STATUS_DONE)),
                            &task->task_logger_id);
}

/* Reading. */

static void decode_entry(const struct db_rows *rows, struct arena *arena,
                         struct task_log_entry *entry)
{
    int column = task_decode(rows, arena, &entry->task);
    entry->id = db_column_integer(rows, column);
    entry->date_logged = db_column_integer(rows, column + 1);
    entry->active = db_column_integer(rows, column + 2) != 0;
    entry->task_id = entry->task.id;
    entry->task.task_logger_id = entry->id;
}

static void add_select(struct sql *sql)
{
    sql_add(sql, "SELECT ");
    row_add_columns(sql, &task_schema);
    sql_add(sql, ", task_logger_id, date_logged, active");
}

struct find {
    struct arena *arena;
    const struct actor *actor;
    int64_t id;
    struct task_log_entry *result;
};

static int run_find(struct db_connection *connection, void *argument)
{
    const struct find *find = argument;
    struct sql sql;
    sql_init(&sql, find->arena);
    add_select(&sql);
    sql_add(&sql, " FROM task_log JOIN tasks ON id = task_id WHERE task_logger_id = ");
    sql_value(&sql, db_integer(find->id));
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = sql_query_one(&sql, connection, &rows);
    if (error < 0)
        return error;
    decode_entry(&rows, find->arena, find->result);
    return task_is_readable(find->actor, &find->result->task) ? 0 : ERROR_FORBIDDEN;
}

int task_log_find(struct services *services, struct arena *arena, const struct actor *actor,
                  int64_t id, struct task_log_entry *ret_entry)
{
    struct find find = {arena, actor, id, ret_entry};
    return db_read(services->db, DB_LIGHT, run_find, &find);
}

struct latest {
    int64_t task_id;
    int64_t id;
};

static int run_find_latest(struct db_connection *connection, void *argument)
{
    struct latest *latest = argument;
    return db_query_integer(connection,
                            TEXT("SELECT task_logger_id FROM task_log WHERE task_id = $1 "
                                 "ORDER BY date_logged DESC LIMIT 1"),
                            DB_VALUES(db_integer(latest->task_id)), &latest->id);
}

int task_log_find_latest(struct services *services, int64_t task_id, int64_t *ret_id)
{
    struct latest latest = {.task_id = task_id};
    int error = db_read(services->db, DB_LIGHT, run_find_latest, &latest);
    if (error == 0)
        *ret_id = latest.id;
    return error;
}

struct list {
    struct arena *arena;
    const struct actor *actor;
    const struct task_log_query *query;
    struct task_log_page *page;
};

static void add_source(struct sql *sql, const struct list *list)
{
    sql_add(sql, " FROM tasks JOIN task_log ON ");
    if (list->query->date == FIELD_INTEGER_NULL) {
        sql_add(sql, "task_logger_id = (SELECT latest.task_logger_id FROM task_log AS latest "
                     "WHERE latest.task_id = id ORDER BY latest.date_logged DESC LIMIT 1)");
    } else {
        sql_add(sql, "task_id = id AND date_logged = ");
        sql_value(sql, db_integer(list->query->date));
    }
    if (list->actor->is_admin)
        return;
    sql_add(sql, " WHERE user_id = ");
    sql_value(sql, db_integer(list->actor->user_id));
    sql_add(sql, " OR assigned_user_id = ");
    sql_value(sql, db_integer(list->actor->user_id));
}

static int read_total(struct db_connection *connection, const struct list *list)
{
    struct sql sql;
    sql_init(&sql, list->arena);
    sql_add(&sql, "SELECT count(*)");
    add_source(&sql, list);
    return sql_query_integer(&sql, connection, &list->page->total);
}

static int run_list(struct db_connection *connection, void *argument)
{
    const struct list *list = argument;
    struct sql sql;
    sql_init(&sql, list->arena);
    add_select(&sql);
    add_source(&sql, list);
    sql_add(&sql, " ORDER BY date_logged DESC, task_logger_id DESC LIMIT ");
    sql_value(&sql, db_integer(list->query->limit));
    sql_add(&sql, " OFFSET ");
    sql_value(&sql, db_integer(list->query->skip));
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = sql_query(&sql, connection, &rows);
    if (more < 0)
        return more;
    struct task_log_page *page = list->page;
    page->entries = arena_allocate(list->arena, (size_t)list->query->limit * sizeof *page->entries);
    page->count = 0;
    while ((more = db_rows_next(&rows)) > 0)
        decode_entry(&rows, list->arena, &page->entries[page->count++]);
    return more < 0 ? more : read_total(connection, list);
}

int task_log_list(struct services *services, struct arena *arena, const struct actor *actor,
                  const struct task_log_query *query, struct task_log_page *ret_page)
{
    struct list list = {arena, actor, query, ret_page};
    return db_read(services->db, DB_HEAVY, run_list, &list);
}

/* Writing a day. */

struct day {
    int64_t day;
    int64_t after; /* the last task that was looked at */
    int64_t count;
    bool complete;
};

static int run_write(struct db_connection *connection, void *argument)
{
    struct day *part = argument;
    int64_t last;
    int error =
        db_query_integer(connection,
                         TEXT("SELECT coalesce(max(id), 0) FROM (SELECT id FROM tasks "
                              "WHERE id > $1 ORDER BY id LIMIT $2) AS part"),
                         DB_VALUES(db_integer(part->after), db_integer(WRITE_BATCH)), &last);
    if (error < 0)
        return error;
    part->complete = last == 0;
    if (part->complete)
        return 0;
    int written = db_execute(
        connection,
        TEXT("INSERT INTO task_log (task_id, date_logged, active) SELECT id, $1, 1 FROM tasks "
             "WHERE id > $2 AND id <= $3 AND status <> $4 AND created_at < $5 "
             "ON CONFLICT (task_id, date_logged) DO NOTHING"),
        DB_VALUES(db_integer(part->day), db_integer(part->after), db_integer(last),
                  db_integer(STATUS_DONE), db_integer((part->day + 1) * CLOCK_DAY)));
    if (written < 0)
        return written;
    part->after = last;
    part->count += written;
    return 0;
}

int task_log_write_day(struct services *services, int64_t day, bool (*is_stopping)(void *argument),
                       void *argument, int64_t *ret_count)
{
    struct day part = {.day = day};
    while (!part.complete) {
        if (is_stopping != NULL && is_stopping(argument))
            return ERROR_CANCELLED;
        struct day next = part;
        int error = db_write(services->db, run_write, &next);
        if (error < 0)
            return error;
        part = next;
    }
    *ret_count = part.count;
    return 0;
}
