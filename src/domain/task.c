#include "domain/task.h"

#include "base/clock.h"
#include "base/error.h"
#include "domain/event.h"
#include "domain/file.h"
#include "domain/fold.h"
#include "domain/folded.h"
#include "domain/notification.h"
#include "domain/row.h"
#include "domain/task_log.h"
#include "domain/task_tags.h"
#include "domain/task_totals.h"
#include "domain/transaction.h"
#include "domain/weather.h"
#include "schema/json_tree.h"

enum access {
    ACCESS_READ = 1 << 0,
    ACCESS_UPDATE = 1 << 1,
    ACCESS_ASSIGN = 1 << 2,
    ACCESS_DELETE = 1 << 3,
};

/* The table at the top of task.h. */
static unsigned access_of(const struct actor *actor, const struct task *task)
{
    if (actor->is_admin || task->user_id == actor->user_id)
        return ACCESS_READ | ACCESS_UPDATE | ACCESS_ASSIGN | ACCESS_DELETE;
    if (task->assigned_user_id == actor->user_id)
        return ACCESS_READ | ACCESS_UPDATE;
    return 0;
}

bool task_is_readable(const struct actor *actor, const struct task *task)
{
    return (access_of(actor, task) & ACCESS_READ) != 0;
}

int task_decode(const struct db_rows *rows, struct arena *arena, struct task *task)
{
    int columns = row_decode(&task_schema, rows, arena, task);
    task->completed = task->status == STATUS_DONE;
    return columns;
}

static int load(struct db_connection *connection, struct arena *arena, int64_t id,
                struct task *ret_task)
{
    struct sql sql;
    sql_init(&sql, arena);
    sql_add(&sql, "SELECT ");
    row_add_columns(&sql, &task_schema);
    sql_add(&sql, " FROM tasks WHERE id = ");
    sql_value(&sql, db_integer(id));
    sql_add(&sql, DB_FOR_UPDATE(connection));
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = sql_query_one(&sql, connection, &rows);
    if (error < 0)
        return error;
    task_decode(&rows, arena, ret_task);
    return 0;
}

/* One call of a function of task.h, on its way into a transaction. */
struct call {
    const struct actor *actor;
    struct problems *problems;
    struct arena *arena;
    int64_t id;
    uint64_t fields;
    const struct task *changes;
    struct text weather; /* in the city of `changes`, where it is a new one */
    struct task_versions expected;
    /* edit: for changes that depend on the task; in place of `fields` and `changes`. */
    int (*edit)(const struct call *call, struct task *task);
    struct text tags; /* for edit: those to add, or the one to take off */
    struct task *result;
};

static int load_for(struct db_connection *connection, const struct call *call, unsigned access,
                    struct task *ret_task)
{
    int error = load(connection, call->arena, call->id, ret_task);
    if (error < 0)
        return error;
    return (access_of(call->actor, ret_task) & access) == access ? 0 : ERROR_FORBIDDEN;
}

int task_require(struct db_connection *connection, struct arena *arena, const struct actor *actor,
                 int64_t id, bool change)
{
    const struct call call = {.actor = actor, .arena = arena, .id = id};
    struct task task;
    return load_for(connection, &call, change ? ACCESS_UPDATE : ACCESS_READ, &task);
}

static int run_find(struct db_connection *connection, void *argument)
{
    const struct call *call = argument;
    return load_for(connection, call, ACCESS_READ, call->result);
}

int task_find(struct services *services, struct arena *arena, const struct actor *actor, int64_t id,
              struct task *ret_task)
{
    struct call call = {.actor = actor, .arena = arena, .id = id, .result = ret_task};
    return db_read(services->db, DB_SINGLE, run_find, &call);
}

/* Adds a problem when nobody has the id that the task is assigned to. */
static int check_assignee(struct db_connection *connection, struct problems *problems,
                          const struct task *task)
{
    if (task->assigned_user_id == FIELD_INTEGER_NULL)
        return 0;
    int64_t found;
    int error = db_query_integer(connection, TEXT("SELECT count(*) FROM users WHERE id = $1"),
                                 DB_VALUES(db_integer(task->assigned_user_id)), &found);
    if (error < 0 || found > 0)
        return error;
    problems->location = LOCATION_BODY;
    problem_value(problems, "assigned_user_id", "No user has this id");
    return ERROR_INVALID;
}

/* The rows of task_tags that go with the JSON in tasks.tags. */
static int store_tags(struct db_connection *connection, struct arena *arena,
                      const struct task *task, bool replace)
{
    if (replace) {
        int error = db_execute(connection, TEXT("DELETE FROM task_tags WHERE task_id = $1"),
                               DB_VALUES(db_integer(task->id)));
        if (error < 0)
            return error;
    }
    if (text_is(task->tags, "[]"))
        return 0;
    const json_t *tags;
    int error = json_tree_parse(arena, task->tags, &tags, NULL);
    for (size_t i = 0; error >= 0 && i < json_array_size(tags); i++) {
        const json_t *tag = json_array_get(tags, i);
        struct text text = {json_string_value(tag), json_string_length(tag)};
        error = db_execute(connection, TEXT("INSERT INTO task_tags (task_id, tag) VALUES ($1, $2)"),
                           DB_VALUES(db_integer(task->id), db_text(text)));
    }
    return error;
}

/* Brings status, completed and completed_at into agreement after `fields` were set. */
static void settle_status(struct task *task, uint64_t fields, int64_t now)
{
    if ((fields & FIELD_BIT(TASK_STATUS)) == 0 && (fields & FIELD_BIT(TASK_COMPLETED)) != 0) {
        if (task->completed)
            task->status = STATUS_DONE;
        else if (task->status == STATUS_DONE)
            task->status = STATUS_TODO;
    }
    task->completed = task->status == STATUS_DONE;
    if (!task->completed)
        task->completed_at = FIELD_INTEGER_NULL;
    else if (task->completed_at == FIELD_INTEGER_NULL)
        task->completed_at = now;
}

void task_settle(const struct actor *actor, uint64_t fields, struct task *task)
{
    int64_t now = clock_now();
    task->user_id = actor->user_id;
    if ((fields & FIELD_BIT(TASK_CREATED_AT)) == 0)
        task->created_at = now;
    task->updated_at = now;
    task->version = 1;
    settle_status(task, fields, now);
}

int task_insert(struct db_connection *connection, struct arena *arena, const struct actor *actor,
                struct task *task)
{
    struct sql sql;
    sql_init(&sql, arena);
    sql_add(&sql, "INSERT INTO tasks ");
    struct row_column folded[FOLDED_COLUMNS];
    row_add_insert(&sql, &task_schema, task, folded,
                   folded_of_task(connection, arena, task, folded));
    sql_add(&sql, " RETURNING id");
    int error = sql_query_integer(&sql, connection, &task->id);
    if (error >= 0)
        error = store_tags(connection, arena, task, false);
    if (error >= 0)
        error = task_totals_change(connection, NULL, task);
    if (error >= 0)
        error = task_log_append(connection, task);
    if (error < 0)
        return error;
    struct event event = {"task.created", &task_schema, task->id, NULL, task};
    return event_append(connection, arena, actor, &event);
}

static int run_create(struct db_connection *connection, void *argument)
{
    const struct call *call = argument;
    call->problems->count = 0;
    int error = check_assignee(connection, call->problems, call->result);
    if (error < 0)
        return error;
    return task_insert(connection, call->arena, call->actor, call->result);
}

int task_create(struct services *services, const struct actor *actor, struct problems *problems,
                uint64_t fields, struct task *task)
{
    task_settle(actor, fields, task);
    if (task->city.data != NULL)
        task->weather = weather_fetch(services, problems->arena, task->city);
    struct call call = {
        .actor = actor, .problems = problems, .arena = problems->arena, .result = task};
    return transaction_write(services, actor, run_create, &call);
}

static bool version_is_expected(const struct task *task, struct task_versions expected)
{
    if (expected.versions == NULL)
        return true;
    for (size_t i = 0; i < expected.count; i++) {
        if (expected.versions[i] == task->version)
            return true;
    }
    return false;
}

static void set_fields(const struct call *call, struct task *task)
{
    for (size_t i = 0; i < TASK_FIELDS; i++) {
        const struct field *field = &task_schema.fields[i];
        if ((call->fields & FIELD_BIT(i)) == 0)
            continue;
        size_t size = field->type == FIELD_BOOLEAN ? sizeof(bool)
                      : field->type == FIELD_TEXT || field->type == FIELD_TEXT_SET
                          ? sizeof(struct text)
                          : sizeof(int64_t);
        memcpy(field_of(field, task), field_of_const(field, call->changes), size);
    }
}

static int apply_changes(const struct call *call, struct task *task)
{
    int64_t now = clock_now();
    struct task before = *task;
    int error = 0;
    if (call->edit != NULL)
        error = call->edit(call, task);
    else
        set_fields(call, task);
    if (error < 0)
        return error;
    if ((call->fields & FIELD_BIT(TASK_CITY)) != 0 &&
        !text_folds_equal(call->arena, before.city, task->city))
        task->weather = call->weather;
    settle_status(task, call->fields, now);
    if (row_changed(&task_schema, &before, task) != 0) {
        task->updated_at = now;
        task->version++;
    }
    return 0;
}

static int store_changes(struct db_connection *connection, const struct call *call,
                         const struct task *before, const struct task *after)
{
    uint64_t changed = row_changed(&task_schema, before, after);
    if (changed == 0)
        return 0;
    uint64_t written = changed | FIELD_BIT(TASK_UPDATED_AT) | FIELD_BIT(TASK_VERSION) |
                       FIELD_BIT(TASK_COMPLETED_AT);
    if ((changed & FIELD_BIT(TASK_CITY)) != 0)
        written |= FIELD_BIT(TASK_WEATHER);
    struct sql sql;
    sql_init(&sql, call->arena);
    sql_add(&sql, "UPDATE tasks SET ");
    row_add_assignments(&sql, &task_schema, written, after);
    struct row_column folded[FOLDED_COLUMNS];
    folded_add_assignments(&sql, folded, folded_of_task(connection, call->arena, after, folded));
    sql_add(&sql, " WHERE id = ");
    sql_value(&sql, db_integer(after->id));
    int error = sql_execute(&sql, connection);
    if (error >= 0 && (changed & FIELD_BIT(TASK_TAGS)) != 0)
        error = store_tags(connection, call->arena, after, true);
    if (error >= 0)
        error = task_totals_change(connection, before, after);
    if (error >= 0 && after->completed && !before->completed)
        error = notification_order(connection, call->arena, after);
    if (error < 0)
        return error;
    const char *action = call->edit != NULL ? "task.tagged" : "task.updated";
    struct event event = {action, &task_schema, after->id, before, after};
    return event_append(connection, call->arena, call->actor, &event);
}

static int run_update(struct db_connection *connection, void *argument)
{
    const struct call *call = argument;
    struct task before;
    call->problems->count = 0;
    int error = load_for(connection, call, ACCESS_UPDATE, &before);
    if (error < 0)
        return error;
    *call->result = before;
    if (!version_is_expected(&before, call->expected))
        return ERROR_STALE;
    struct task after = before;
    error = apply_changes(call, &after);
    if (error < 0)
        return error;
    bool reassigned = after.assigned_user_id != before.assigned_user_id;
    if (reassigned && (access_of(call->actor, &before) & ACCESS_ASSIGN) == 0)
        return ERROR_FORBIDDEN;
    if (reassigned)
        error = check_assignee(connection, call->problems, &after);
    if (error >= 0)
        error = store_changes(connection, call, &before, &after);
    if (error < 0)
        return error;
    *call->result = after;
    return 0;
}

/* The weather for a change that moves the task to another city. What is wrong with the change is
 * found in its transaction. */
static struct text weather_for(struct services *services, const struct call *call)
{
    struct task before;
    if ((call->fields & FIELD_BIT(TASK_CITY)) == 0 || call->changes->city.data == NULL ||
        task_find(services, call->arena, call->actor, call->id, &before) < 0 ||
        text_folds_equal(call->arena, before.city, call->changes->city))
        return TEXT_NULL;
    return weather_fetch(services, call->arena, call->changes->city);
}

int task_update(struct services *services, const struct actor *actor, struct problems *problems,
                int64_t id, uint64_t fields, const struct task *changes,
                struct task_versions expected, struct task *ret_task)
{
    struct call call = {.actor = actor,
                        .problems = problems,
                        .arena = problems->arena,
                        .id = id,
                        .fields = fields,
                        .changes = changes,
                        .expected = expected,
                        .result = ret_task};
    call.weather = weather_for(services, &call);
    return transaction_write(services, actor, run_update, &call);
}

int task_update_in(struct db_connection *connection, const struct actor *actor,
                   struct problems *problems, int64_t id, uint64_t fields,
                   const struct task *changes, struct task *ret_task)
{
    struct call call = {.actor = actor,
                        .problems = problems,
                        .arena = problems->arena,
                        .id = id,
                        .fields = fields,
                        .changes = changes,
                        .result = ret_task};
    return run_update(connection, &call);
}

static int edit_add(const struct call *call, struct task *task)
{
    return tags_add(call->problems, task->tags, call->tags, &task->tags);
}

int task_tag(struct services *services, const struct actor *actor, struct problems *problems,
             int64_t id, struct text tags, struct task_versions expected, struct task *ret_task)
{
    struct call call = {.actor = actor,
                        .problems = problems,
                        .arena = problems->arena,
                        .id = id,
                        .expected = expected,
                        .edit = edit_add,
                        .tags = tags,
                        .result = ret_task};
    return transaction_write(services, actor, run_update, &call);
}

static int edit_remove(const struct call *call, struct task *task)
{
    return tags_remove(call->arena, task->tags, call->tags, &task->tags);
}

int task_untag(struct services *services, const struct actor *actor, struct problems *problems,
               int64_t id, struct text tag, struct task_versions expected, struct task *ret_task)
{
    struct call call = {.actor = actor,
                        .problems = problems,
                        .arena = problems->arena,
                        .id = id,
                        .expected = expected,
                        .edit = edit_remove,
                        .tags = tag,
                        .result = ret_task};
    return transaction_write(services, actor, run_update, &call);
}

static int remove_task(struct db_connection *connection, struct arena *arena,
                       const struct actor *actor, const struct task *task)
{
    int error = file_delete_of_task(connection, arena, actor, task->id);
    if (error >= 0)
        error = db_execute(connection, TEXT("DELETE FROM tasks WHERE id = $1"),
                           DB_VALUES(db_integer(task->id)));
    if (error >= 0)
        error = task_totals_change(connection, task, NULL);
    if (error < 0)
        return error;
    struct event event = {"task.deleted", &task_schema, task->id, task, NULL};
    return event_append(connection, arena, actor, &event);
}

static int run_delete(struct db_connection *connection, void *argument)
{
    const struct call *call = argument;
    int error = load_for(connection, call, ACCESS_DELETE, call->result);
    if (error < 0)
        return error;
    if (!version_is_expected(call->result, call->expected))
        return ERROR_STALE;
    return remove_task(connection, call->arena, call->actor, call->result);
}

int task_delete(struct services *services, struct arena *arena, const struct actor *actor,
                int64_t id, struct task_versions expected, struct task *ret_task)
{
    struct call call = {
        .actor = actor, .arena = arena, .id = id, .expected = expected, .result = ret_task};
    return transaction_write(services, actor, run_delete, &call);
}

/* Calls `each` for every task that `ids` (a query of one placeholder) names for the user, with an
 * arena of its own, so that a user with a million tasks needs no more memory than one with ten. */
static int for_each_task(struct db_connection *connection, const struct actor *actor,
                         struct text next_id, int64_t user_id,
                         int (*each)(struct db_connection *connection, struct arena *arena,
                                     const struct actor *actor, const struct task *task))
{
    int error = 0;
    while (error >= 0) {
        int64_t id;
        error = db_query_integer(connection, next_id, DB_VALUES(db_integer(user_id)), &id);
        if (error == ERROR_NOT_FOUND)
            return 0;
        struct arena arena;
        arena_init(&arena);
        struct task task;
        if (error >= 0)
            error = load(connection, &arena, id, &task);
        if (error >= 0)
            error = each(connection, &arena, actor, &task);
        arena_release(&arena);
    }
    return error;
}

int task_delete_owned_by(struct db_connection *connection, const struct actor *actor,
                         int64_t user_id)
{
    return for_each_task(connection, actor, TEXT("SELECT id FROM tasks WHERE user_id = $1 LIMIT 1"),
                         user_id, remove_task);
}

static int unassign(struct db_connection *connection, struct arena *arena,
                    const struct actor *actor, const struct task *task)
{
    struct task after = *task;
    after.assigned_user_id = FIELD_INTEGER_NULL;
    after.updated_at = clock_now();
    after.version++;
    struct call call = {.actor = actor, .arena = arena};
    return store_changes(connection, &call, task, &after);
}

int task_unassign_from(struct db_connection *connection, const struct actor *actor, int64_t user_id)
{
    return for_each_task(connection, actor,
                         TEXT("SELECT id FROM tasks WHERE assigned_user_id = $1 LIMIT 1"), user_id,
                         unassign);
}
