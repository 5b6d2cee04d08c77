/*
 * flask.c: the flask surface, the same users and tasks in its own words (flask_schema.h), and the
 * task log, which is read here alone.
 */
#include "api/api.h"
#include "api/flask_schema.h"
#include "base/clock.h"
#include "base/error.h"
#include "domain/account.h"
#include "domain/token.h"

static int render_registered(struct request *request, const void *argument)
{
    const struct user *user = argument;
    const struct flask_registered registered = {
        .message = TEXT("User registered successfully"),
        .user_id = user->id,
        .username = user->username,
    };
    return reply_json(request, 201, &flask_registered_schema, &registered);
}

static int register_user(struct request *request)
{
    struct actor actor = actor_of(request);
    reply_when_done(request, render_registered, request->value);
    return account_register(services_of(request), &actor, &request->problems, request->value);
}

static int login(struct request *request)
{
    struct services *services = services_of(request);
    struct user user;
    int error = account_sign_in(services, &request->arena, request->value, &user);
    if (error == ERROR_UNAUTHORIZED)
        return reply_error(request, 401, "Invalid username or password");
    if (error < 0)
        return error;
    struct flask_session session = {.message = TEXT("Login successful"), .username = user.username};
    error = token_issue(services->tokens, &request->arena, user.id, user.token_generation,
                        &session.access_token);
    if (error < 0)
        return error;
    return reply_json(request, 200, &flask_session_schema, &session);
}

static int render_created(struct request *request, const void *argument)
{
    const struct flask_task task = flask_task_from(argument);
    return reply_json(request, 201, &flask_task_schema, &task);
}

static int create_task(struct request *request)
{
    struct actor actor = actor_of(request);
    struct flask_task *task = request->value;
    uint64_t fields = flask_task_settle(task, request->value_given);
    reply_when_done(request, render_created, &task->task);
    return task_create(services_of(request), &actor, &request->problems, fields, &task->task);
}

struct update {
    struct task task;
    int64_t task_logger_id;
};

static int render_updated(struct request *request, const void *argument)
{
    const struct update *update = argument;
    struct flask_updated updated = {
        .message = TEXT("Task updated"),
        .task = flask_task_from(&update->task),
    };
    updated.task.task.task_logger_id = update->task_logger_id;
    return reply_json(request, 200, &flask_updated_schema, &updated);
}

static int update_task(struct request *request)
{
    struct services *services = services_of(request);
    struct actor actor = actor_of(request);
    struct flask_task *changes = request->value;
    int64_t id = request->path_ids[0];
    struct update *update = arena_allocate_zeroed(&request->arena, sizeof *update);
    int error = task_log_find_latest(services, id, &update->task_logger_id);
    if (error < 0)
        return error;
    uint64_t fields = flask_task_settle(changes, request->value_given);
    reply_when_done(request, render_updated, update);
    return task_update(services, &actor, &request->problems, id, fields, &changes->task,
                       (struct task_versions){0}, &update->task);
}

static int render_deleted(struct request *request, const void *argument)
{
    (void)argument;
    const struct flask_message message = {TEXT("Task deleted")};
    return reply_json(request, 200, &flask_message_schema, &message);
}

static int delete_task(struct request *request)
{
    struct actor actor = actor_of(request);
    struct task task;
    reply_when_done(request, render_deleted, NULL);
    return task_delete(services_of(request), &request->arena, &actor, request->path_ids[0],
                       (struct task_versions){0}, &task);
}

static int read_entry(struct request *request)
{
    struct actor actor = actor_of(request);
    struct task_log_entry entry;
    int error =
        task_log_find(services_of(request), &request->arena, &actor, request->path_ids[0], &entry);
    if (error < 0)
        return error;
    const struct flask_entry answer = flask_entry_from(&entry);
    return reply_json(request, 200, &flask_entry_schema, &answer);
}

static int list_entries(struct request *request)
{
    const struct flask_query *asked = request->query;
    const struct task_log_query query = {
        .date = asked->date,
        .skip = (asked->page - 1) * asked->per_page,
        .limit = asked->per_page,
    };
    struct actor actor = actor_of(request);
    struct task_log_page found;
    int error = task_log_list(services_of(request), &request->arena, &actor, &query, &found);
    if (error < 0)
        return error;
    struct flask_entry *entries =
        arena_allocate(&request->arena, (found.count + 1) * sizeof *entries);
    for (size_t i = 0; i < found.count; i++)
        entries[i] = flask_entry_from(&found.entries[i]);
    const struct flask_page page = {
        .tasks = {entries, found.count, sizeof *entries},
        .total = found.total,
        .page = asked->page,
        .per_page = asked->per_page,
        .pages = (found.total + asked->per_page - 1) / asked->per_page,
    };
    return reply_json(request, 200, &flask_page_schema, &page);
}

static int log_tasks(struct request *request)
{
    struct flask_logged logged = {
        .message = TEXT("Tasks logged"),
        .date_logged = clock_now() / CLOCK_DAY,
    };
    int error =
        task_log_write_day(services_of(request), logged.date_logged, NULL, NULL, &logged.logged);
    if (error < 0)
        return error;
    return reply_json(request, 202, &flask_logged_schema, &logged);
}

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .path = "/register",
        .surfaces = SURFACE_BIT(SURFACE_FLASK),
        .limit = LIMIT_REGISTER,
        .may_conflict = true,
        .body = &registration_body,
        .answers = {{201, "The account is made", &flask_registered_schema, NULL}},
        .summary = "Register an account",
        .tag = "flask",
        .handler = register_user,
    },
    {
        .method = METHOD_POST,
        .path = "/login",
        .surfaces = SURFACE_BIT(SURFACE_FLASK),
        .limit = LIMIT_LOGIN,
        .never_kept = true,
        .limit_key = api_login_name,
        .body = &credentials_body,
        .answers = {{200, "A token", &flask_session_schema, NULL}},
        .summary = "Sign in",
        .tag = "flask",
        .handler = login,
    },
    {
        .method = METHOD_GET,
        .path = "/tasks",
        .surfaces = SURFACE_BIT(SURFACE_FLASK),
        .access = ACCESS_USER,
        .query = &flask_query_schema,
        .answers = {{200, "A page of the task log", &flask_page_schema, NULL}},
        .summary = "List the latest log row of each task, or the rows of a day, newest first",
        .tag = "flask",
        .handler = list_entries,
    },
    {
        .method = METHOD_POST,
        .path = "/task",
        .surfaces = SURFACE_BIT(SURFACE_FLASK),
        .access = ACCESS_USER,
        .body = &flask_task_create_body,
        .answers = {{201, "The task", &flask_task_schema, NULL}},
        .summary = "Create a task",
        .tag = "flask",
        .handler = create_task,
    },
    /* One path has one name for its parameter, though it means different things. */
    {
        .method = METHOD_GET,
        .path = "/task/{id}",
        .surfaces = SURFACE_BIT(SURFACE_FLASK),
        .access = ACCESS_USER,
        .resource = "Task log",
        .answers = {{200, "The row and its task", &flask_entry_schema, NULL}},
        .summary = "Read a row of the task log; the id is a task_logger_id",
        .tag = "flask",
        .handler = read_entry,
    },
    {
        .method = METHOD_PUT,
        .path = "/task/{id}",
        .surfaces = SURFACE_BIT(SURFACE_FLASK),
        .access = ACCESS_USER,
        .resource = "Task",
        .body = &flask_task_update_body,
        .answers = {{200, "The task", &flask_updated_schema, NULL}},
        .summary = "Change the given fields of a task; the id is a task's",
        .tag = "flask",
        .handler = update_task,
    },
    {
        .method = METHOD_DELETE,
        .path = "/task/{id}",
        .surfaces = SURFACE_BIT(SURFACE_FLASK),
        .access = ACCESS_USER,
        .resource = "Task",
        .answers = {{200, "It is gone", &flask_message_schema, NULL}},
        .summary = "Delete a task; the id is a task's",
        .tag = "flask",
        .handler = delete_task,
    },
    {
        .method = METHOD_POST,
        .path = "/log-tasks",
        .surfaces = SURFACE_BIT(SURFACE_FLASK),
        .access = ACCESS_ADMIN,
        .answers = {{202, "Today's snapshot is taken", &flask_logged_schema, NULL}},
        .summary = "Log every active task for today",
        .tag = "flask",
        .handler = log_tasks,
    },
};

const struct route_table flask_routes = ROUTE_TABLE(routes);
