/*
 * tasks.c: tasks, one by one and in lists.
 */
#include "api/api.h"
#include "api/etag.h"
#include "base/error.h"
#include "domain/task.h"
#include "domain/task_bulk.h"
#include "domain/task_list.h"
#include "domain/task_tags.h"
#include "schema/encode.h"

enum { DEFAULT_LIMIT_V1 = 10, DEFAULT_LIMIT_CLASSIC = 100 };

static void add_etag(struct request *request, const struct task *task)
{
    reply_header(request, "ETag", "\"%jd\"", (intmax_t)task->version);
}

static int reply_task(struct request *request, int status, const struct task *task)
{
    add_etag(request, task);
    return reply_json(request, status, &task_schema, task);
}

/* A stale version: the error comes with the current task, so that the client can merge. */
static int reply_stale(struct request *request, const struct task *current)
{
    struct buffer buffer;
    struct json json;
    reply_begin(request, &buffer, &json);
    encode_json(&task_schema, current, &json);
    add_etag(request, current);
    return reply_failure_with(request, ERROR_STALE, "task", buffer_text(&buffer));
}

static int render_created(struct request *request, const void *argument)
{
    const struct task *task = argument;
    reply_header(request, "Location", "%s/tasks/%jd", surface_prefix(request->match.surface),
                 (intmax_t)task->id);
    return reply_task(request, 201, task);
}

static int render_task(struct request *request, const void *argument)
{
    return reply_task(request, 200, argument);
}

static int create_task(struct request *request)
{
    struct actor actor = actor_of(request);
    reply_when_done(request, render_created, request->value);
    return task_create(services_of(request), &actor, &request->problems, request->value_given,
                       request->value);
}

static int read_task(struct request *request)
{
    struct actor actor = actor_of(request);
    struct task task;
    int error =
        task_find(services_of(request), &request->arena, &actor, request->path_ids[0], &task);
    if (error < 0)
        return error;
    if (etag_matches(request->headers.if_none_match, task.version)) {
        add_etag(request, &task);
        return reply_empty(request, 304);
    }
    return reply_task(request, 200, &task);
}

static int update_task(struct request *request)
{
    struct actor actor = actor_of(request);
    struct task *task = arena_allocate(&request->arena, sizeof *task);
    reply_when_done(request, render_task, task);
    int error = task_update(services_of(request), &actor, &request->problems, request->path_ids[0],
                            request->value_given, request->value, etag_expected(request), task);
    return error == ERROR_STALE ? reply_stale(request, task) : error;
}

static int add_tags(struct request *request)
{
    struct actor actor = actor_of(request);
    const struct tags_added *added = request->value;
    struct task *task = arena_allocate(&request->arena, sizeof *task);
    reply_when_done(request, render_task, task);
    int error = task_tag(services_of(request), &actor, &request->problems, request->path_ids[0],
                         added->tags, etag_expected(request), task);
    return error == ERROR_STALE ? reply_stale(request, task) : error;
}

static int remove_tag(struct request *request)
{
    struct actor actor = actor_of(request);
    struct task task = {.id = 0};
    int error = task_untag(services_of(request), &actor, &request->problems, request->path_ids[0],
                           request->match.parameters[1], etag_expected(request), &task);
    if (error == ERROR_STALE)
        return reply_stale(request, &task);
    if (error == ERROR_NOT_FOUND && task.id != 0)
        return reply_error(request, 404, "The task does not have this tag");
    if (error < 0)
        return error;
    return reply_task(request, 200, &task);
}

static int render_tasks(struct request *request, const void *argument)
{
    const struct task_bulk_result *result = argument;
    struct buffer buffer;
    struct json json;
    reply_begin(request, &buffer, &json);
    json_begin_array(&json);
    for (size_t i = 0; i < result->count; i++)
        encode_json(&task_schema, &result->tasks[i], &json);
    json_end_array(&json);
    return reply_end(request, 200, &buffer);
}

static int update_tasks(struct request *request)
{
    struct actor actor = actor_of(request);
    struct task_bulk_result *result = arena_allocate_zeroed(&request->arena, sizeof *result);
    reply_when_done(request, render_tasks, result);
    int error =
        task_bulk_update(services_of(request), &actor, &request->problems, request->value, result);
    if (error == ERROR_NOT_FOUND)
        return reply_error(
            request, 404,
            arena_format(&request->arena, "Tasks not found: %.*s", TEXT_ARGUMENTS(result->refused))
                .data);
    if (error == ERROR_FORBIDDEN)
        return reply_error(request, 403,
                           arena_format(&request->arena, "Not enough permissions for tasks: %.*s",
                                        TEXT_ARGUMENTS(result->refused))
                               .data);
    return error;
}

static int delete_task(struct request *request)
{
    struct actor actor = actor_of(request);
    struct task task;
    int error = task_delete(services_of(request), &request->arena, &actor, request->path_ids[0],
                            etag_expected(request), &task);
    if (error == ERROR_STALE)
        return reply_stale(request, &task);
    if (error < 0)
        return error;
    return reply_empty(request, 204);
}

static int reply_list(struct request *request, enum task_scope scope)
{
    int64_t default_limit =
        request->match.surface == SURFACE_V1 ? DEFAULT_LIMIT_V1 : DEFAULT_LIMIT_CLASSIC;
    struct actor actor = actor_of(request);
    struct task_page page;
    int error = task_list(services_of(request), &actor, scope, request->query, request->query_given,
                          default_limit, &request->problems, &page);
    if (error < 0)
        return error;
    return reply_json(request, 200, &task_page_schema, &page);
}

static int list_tasks(struct request *request)
{
    return reply_list(request, SCOPE_OWN);
}

/* On the classic surface an administrator's list spans all users. */
static int list_tasks_classic(struct request *request)
{
    return reply_list(request, request->identity.is_admin ? SCOPE_ALL : SCOPE_OWN);
}

static int list_all_tasks(struct request *request)
{
    return reply_list(request, SCOPE_ALL);
}

enum { BOTH = SURFACE_BIT(SURFACE_V1) | SURFACE_BIT(SURFACE_CLASSIC) };

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .path = "/tasks",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .body = &task_create_body,
        .answers = {{201, "The task", &task_schema, NULL}},
        .summary = "Create a task",
        .tag = "tasks",
        .handler = create_task,
    },
    {
        .method = METHOD_GET,
        .path = "/tasks",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .may_forbid = true,
        .query = &task_query_schema,
        .answers = {{200, "A page of tasks, 10 unless asked otherwise", &task_page_schema, NULL}},
        .summary = "List one's own tasks",
        .tag = "tasks",
        .handler = list_tasks,
    },
    {
        .method = METHOD_GET,
        .path = "/tasks",
        .surfaces = SURFACE_BIT(SURFACE_CLASSIC),
        .access = ACCESS_USER,
        .may_forbid = true,
        .query = &task_query_schema,
        .answers = {{200, "A page of tasks, 100 unless asked otherwise", &task_page_schema, NULL}},
        .summary = "List one's own tasks; an administrator's list has everybody's",
        .tag = "tasks",
        .handler = list_tasks_classic,
    },
    {
        .method = METHOD_GET,
        .path = "/tasks/admin/all",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .may_forbid = true,
        .query = &task_query_schema,
        .answers = {{200, "A page of tasks", &task_page_schema, NULL}},
        .summary = "List everybody's tasks",
        .tag = "tasks",
        .handler = list_all_tasks,
    },
    {
        .method = METHOD_PATCH,
        .path = "/tasks/bulk",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .resource = "Task",
        .body = &task_bulk_body,
        .answers_list = true,
        .answers = {{200, "The tasks, in the order of the ids", &task_schema, NULL}},
        .summary = "Make one change to many tasks, or to none",
        .tag = "tasks",
        .handler = update_tasks,
    },
    {
        .method = METHOD_GET,
        .path = "/tasks/{task_id}",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .conditional = true,
        .resource = "Task",
        .answers = {{200, "The task", &task_schema, NULL},
                    {304, "The client has the current version", NULL, NULL}},
        .summary = "Read a task",
        .tag = "tasks",
        .handler = read_task,
    },
    {
        .method = METHOD_PATCH,
        .path = "/tasks/{task_id}",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .conditional = true,
        .resource = "Task",
        .body = &task_update_body,
        .answers = {{200, "The task", &task_schema, NULL}},
        .summary = "Change the given fields of a task; null clears",
        .tag = "tasks",
        .handler = update_task,
    },
    {
        .method = METHOD_PUT,
        .path = "/tasks/{task_id}",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .conditional = true,
        .resource = "Task",
        .body = &task_update_body,
        .answers = {{200, "The task", &task_schema, NULL}},
        .summary = "Change the given fields of a task, as PATCH does",
        .tag = "tasks",
        .handler = update_task,
    },
    {
        .method = METHOD_DELETE,
        .path = "/tasks/{task_id}",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .conditional = true,
        .resource = "Task",
        .answers = {{204, "It is gone", NULL, NULL}},
        .summary = "Delete a task",
        .tag = "tasks",
        .handler = delete_task,
    },
    {
        .method = METHOD_POST,
        .path = "/tasks/{task_id}/tags",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .conditional = true,
        .resource = "Task",
        .body = &tags_added_body,
        .answers = {{200, "The task", &task_schema, NULL}},
        .summary = "Add tags to a task",
        .tag = "tasks",
        .handler = add_tags,
    },
    {
        .method = METHOD_DELETE,
        .path = "/tasks/{task_id}/tags/{tag:text}",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .conditional = true,
        .resource = "Task",
        .answers = {{200, "The task", &task_schema, NULL}},
        .summary = "Take a tag off a task",
        .tag = "tasks",
        .handler = remove_tag,
    },
};

const struct route_table task_routes = ROUTE_TABLE(routes);
