#include "domain/file.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "blob/blob.h"
#include "domain/event.h"
#include "domain/job.h"
#include "domain/operation_server.h"
#include "domain/row.h"
#include "domain/task.h"
#include "domain/transaction.h"

enum { COLLECT_BATCH = 100, LIST_LIMIT = 10000 };

#define STORED_TEXT(member, about)                                                                 \
    {                                                                                              \
        .name = #member, .type = FIELD_TEXT, .flags = FIELD_STORED,                                \
        .offset = offsetof(struct file, member), .description = (about)                            \
    }

static const struct field fields[] = {
    {.name = "id",
     .type = FIELD_INTEGER,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct file, id),
     .description = "Identifier"},
    {.name = "task_id",
     .type = FIELD_INTEGER,
     .flags = FIELD_STORED,
     .offset = offsetof(struct file, task_id),
     .description = "The task it belongs to"},
    STORED_TEXT(original_filename, "The name it came with"),
    {.name = "file_size",
     .type = FIELD_INTEGER,
     .flags = FIELD_STORED,
     .offset = offsetof(struct file, file_size),
     .description = "In bytes"},
    STORED_TEXT(content_type, "What its extension and its content say"),
    STORED_TEXT(sha256, "Of its bytes, in hexadecimal"),
    {.name = "uploaded_at",
     .type = FIELD_TIMESTAMP,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct file, uploaded_at),
     .description = "When it came"},
};

const struct schema file_schema = {
    .name = "File",
    .description = "A file attached to a task",
    SCHEMA_FIELDS(fields),
    .size = sizeof(struct file),
};

/* One call of a function of file.h, on its way into a transaction. */
struct call {
    const struct actor *actor;
    struct arena *arena;
    int64_t id;
    struct file *file;
    struct schema_list *list;
};

static int query_files(struct db_connection *connection, struct arena *arena, const char *column,
                       int64_t id, struct db_rows *ret_rows)
{
    struct sql sql;
    sql_init(&sql, arena);
    sql_add(&sql, "SELECT ");
    row_add_columns(&sql, &file_schema);
    sql_add(&sql, ", blob FROM files WHERE ");
    sql_add(&sql, column);
    sql_add(&sql, " = ");
    sql_value(&sql, db_integer(id));
    sql_add(&sql, " ORDER BY id LIMIT ");
    sql_value(&sql, db_integer(LIST_LIMIT));
    sql_add(&sql, DB_FOR_UPDATE(connection));
    return sql_query(&sql, connection, ret_rows);
}

static void decode(const struct db_rows *rows, struct arena *arena, struct file *file)
{
    int column = row_decode(&file_schema, rows, arena, file);
    file->blob = arena_copy(arena, db_column_text(rows, column));
}

static int load(struct db_connection *connection, const struct call *call, bool change)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = query_files(connection, call->arena, "id", call->id, &rows);
    if (error < 0)
        return error;
    error = db_rows_next(&rows);
    if (error <= 0)
        return error < 0 ? error : ERROR_NOT_FOUND;
    decode(&rows, call->arena, call->file);
    return task_require(connection, call->arena, call->actor, call->file->task_id, change);
}

static int run_check(struct db_connection *connection, void *argument)
{
    const struct call *call = argument;
    return task_require(connection, call->arena, call->actor, call->id, true);
}

int file_check(struct services *services, struct arena *arena, const struct actor *actor,
               int64_t task_id)
{
    struct call call = {.actor = actor, .arena = arena, .id = task_id};
    return db_read(services->db, DB_LIGHT, run_check, &call);
}

static int run_add(struct db_connection *connection, void *argument)
{
    const struct call *call = argument;
    struct file *file = call->file;
    int error = task_require(connection, call->arena, call->actor, file->task_id, true);
    if (error < 0)
        return error;
    struct sql sql;
    sql_init(&sql, call->arena);
    sql_add(&sql, "INSERT INTO files ");
    const struct row_column blob = {"blob", db_text(file->blob)};
    row_add_insert(&sql, &file_schema, file, &blob, 1);
    sql_add(&sql, " RETURNING id");
    error = sql_query_integer(&sql, connection, &file->id);
    if (error < 0)
        return error;
    struct event event = {"file.added", &file_schema, file->id, NULL, file};
    return event_append(connection, call->arena, call->actor, &event);
}

int file_add(struct services *services, struct arena *arena, const struct actor *actor,
             struct file *file)
{
    file->uploaded_at = clock_now();
    struct call call = {.actor = actor, .arena = arena, .file = file};
    return transaction_write(services, actor, run_add, &call);
}

/* The files of a task, at most LIST_LIMIT of them. */
static int load_of_task(struct db_connection *connection, const struct call *call)
{
    int64_t count;
    int error = db_query_integer(connection, TEXT("SELECT count(*) FROM files WHERE task_id = $1"),
                                 DB_VALUES(db_integer(call->id)), &count);
    if (error < 0)
        return error;
    struct file *files = arena_allocate_zeroed(call->arena, ((size_t)count + 1) * sizeof *files);
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    error = query_files(connection, call->arena, "task_id", call->id, &rows);
    if (error < 0)
        return error;
    *call->list = (struct schema_list){files, 0, sizeof *files};
    while ((error = db_rows_next(&rows)) > 0)
        decode(&rows, call->arena, &files[call->list->count++]);
    return error;
}

static int run_list(struct db_connection *connection, void *argument)
{
    const struct call *call = argument;
    int error = task_require(connection, call->arena, call->actor, call->id, false);
    return error < 0 ? error : load_of_task(connection, call);
}

int file_list(struct services *services, struct arena *arena, const struct actor *actor,
              int64_t task_id, struct schema_list *ret_files)
{
    struct call call = {.actor = actor, .arena = arena, .id = task_id, .list = ret_files};
    return db_read(services->db, DB_LIGHT, run_list, &call);
}

static int run_find(struct db_connection *connection, void *argument)
{
    return load(connection, argument, false);
}

int file_find(struct services *services, struct arena *arena, const struct actor *actor, int64_t id,
              struct file *ret_file)
{
    struct call call = {.actor = actor, .arena = arena, .id = id, .file = ret_file};
    return db_read(services->db, DB_LIGHT, run_find, &call);
}

static int remove_row(struct db_connection *connection, const struct call *call,
                      const struct file *file)
{
    int error = db_execute(connection, TEXT("INSERT INTO unused_blobs (blob) VALUES ($1)"),
                           DB_VALUES(db_text(file->blob)));
    if (error >= 0)
        error = db_execute(connection, TEXT("DELETE FROM files WHERE id = $1"),
                           DB_VALUES(db_integer(file->id)));
    if (error < 0)
        return error;
    struct event event = {"file.deleted", &file_schema, file->id, file, NULL};
    return event_append(connection, call->arena, call->actor, &event);
}

/* The bytes go after the commit, and even if the server stops right then. */
static int order_collection(struct db_connection *connection, const struct call *call)
{
    static const struct job_order order = {.operation = OPERATION_COLLECT_FILES, .data = {"", 0}};
    return job_order(connection, call->arena, &order);
}

static int run_delete(struct db_connection *connection, void *argument)
{
    const struct call *call = argument;
    int error = load(connection, call, true);
    if (error >= 0)
        error = remove_row(connection, call, call->file);
    return error < 0 ? error : order_collection(connection, call);
}

int file_delete(struct services *services, struct arena *arena, const struct actor *actor,
                int64_t id)
{
    struct file file = {0};
    struct call call = {.actor = actor, .arena = arena, .id = id, .file = &file};
    return transaction_write(services, actor, run_delete, &call);
}

int file_delete_of_task(struct db_connection *connection, struct arena *arena,
                        const struct actor *actor, int64_t task_id)
{
    struct schema_list list = {0};
    const struct call call = {.actor = actor, .arena = arena, .id = task_id, .list = &list};
    bool any = false;
    do {
        int error = load_of_task(connection, &call);
        if (error < 0)
            return error;
        const struct file *files = list.items;
        for (size_t i = 0; error >= 0 && i < list.count; i++)
            error = remove_row(connection, &call, &files[i]);
        if (error < 0)
            return error;
        any = any || list.count > 0;
    } while (list.count == LIST_LIMIT);
    return any ? order_collection(connection, &call) : 0;
}

/* Bytes that no row needs. */

struct unused {
    struct arena *arena;
    struct text blobs[COLLECT_BATCH];
    size_t count;
};

static int run_find_unused(struct db_connection *connection, void *argument)
{
    struct unused *unused = argument;
    unused->count = 0;
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query(connection, TEXT("SELECT blob FROM unused_blobs LIMIT $1"),
                         DB_VALUES(db_integer(COLLECT_BATCH)), &rows);
    while (error >= 0 && (error = db_rows_next(&rows)) > 0)
        unused->blobs[unused->count++] = arena_copy(unused->arena, db_column_text(&rows, 0));
    return error;
}

static int run_forget_unused(struct db_connection *connection, void *argument)
{
    const struct unused *unused = argument;
    int error = 0;
    for (size_t i = 0; error >= 0 && i < unused->count; i++)
        error = db_execute(connection, TEXT("DELETE FROM unused_blobs WHERE blob = $1"),
                           DB_VALUES(db_text(unused->blobs[i])));
    return error < 0 ? error : 0;
}

static int collect(struct services *services, struct unused *unused, int64_t *count)
{
    int error;
    do {
        error = db_read(services->db, DB_LIGHT, run_find_unused, unused);
        for (size_t i = 0; error >= 0 && i < unused->count; i++)
            error = blob_remove(services->blobs, unused->blobs[i]);
        if (error >= 0 && unused->count > 0)
            error = db_write(services->db, run_forget_unused, unused);
        if (error >= 0)
            *count += (int64_t)unused->count;
    } while (error >= 0 && unused->count == COLLECT_BATCH);
    return error;
}

int file_collect(struct services *services, int64_t *ret_count)
{
    struct arena arena;
    arena_init(&arena);
    struct unused *unused = arena_allocate_zeroed(&arena, sizeof *unused);
    unused->arena = &arena;
    int64_t count = 0;
    int error = collect(services, unused, &count);
    arena_release(&arena);
    if (error >= 0)
        *ret_count = count;
    return error;
}
