/*
 * people.c: whom one works with: enough of others to hand them a task, and to say whose it is.
 *
 * A name must be known to be found, as it must to be taken at a registration; nobody can leaf
 * through the accounts here. That is for administrators (users.c).
 */
#include "api/api.h"
#include "base/error.h"
#include "domain/task.h"
#include "domain/user.h"
#include "schema/encode.h"

static const struct field fields[] = {
    {.name = "id", .type = FIELD_INTEGER, .offset = offsetof(struct user, id)},
    {.name = "username", .type = FIELD_TEXT, .offset = offsetof(struct user, username)},
};

/* A part of a struct user. */
static const struct schema person_schema = {
    .name = "Person",
    .description = "What users know of each other",
    SCHEMA_FIELDS(fields),
};

static int read_person(struct request *request)
{
    struct user user;
    int error = user_find_by_name(services_of(request), &request->arena,
                                  request->match.parameters[0], &user);
    if (error == 0 && !user.is_active)
        error = ERROR_NOT_FOUND;
    return error < 0 ? error : reply_json(request, 200, &person_schema, &user);
}

static int put_person(struct request *request, int64_t id, struct json *json)
{
    struct user user;
    if (id == FIELD_INTEGER_NULL)
        return 0;
    int error = user_find(services_of(request), &request->arena, id, &user);
    if (error == 0)
        encode_json(&person_schema, &user, json);
    return error == ERROR_NOT_FOUND ? 0 : error; /* deleted since the task was read */
}

static int list_people(struct request *request)
{
    struct actor actor = actor_of(request);
    struct task task;
    int error =
        task_find(services_of(request), &request->arena, &actor, request->path_ids[0], &task);
    if (error < 0)
        return error;
    struct buffer buffer;
    struct json json;
    reply_begin(request, &buffer, &json);
    json_begin_array(&json);
    error = put_person(request, task.user_id, &json);
    if (error == 0 && task.assigned_user_id != task.user_id)
        error = put_person(request, task.assigned_user_id, &json);
    json_end_array(&json);
    return error < 0 ? error : reply_end(request, 200, &buffer);
}

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .path = "/people/{username:text}",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .resource = "User",
        .answers = {{200, "The user", &person_schema, NULL}},
        .summary = "Find a user by name, to assign a task to them",
        .tag = "users",
        .handler = read_person,
    },
    {
        .method = METHOD_GET,
        .path = "/tasks/{task_id}/people",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .answers_list = true,
        .resource = "Task",
        .answers = {{200, "The owner, and who it is assigned to", &person_schema, NULL}},
        .summary = "Who works on a task",
        .tag = "tasks",
        .handler = list_people,
    },
};

const struct route_table people_routes = ROUTE_TABLE(routes);
