/*
 * users.c: accounts, for administrators.
 */
#include "api/api.h"
#include "domain/user.h"

enum { DEFAULT_LIMIT = 10 };

static int list_users(struct request *request)
{
    struct user_query *query = request->query;
    request->problems.location = LOCATION_QUERY;
    paging_resolve(&query->paging, DEFAULT_LIMIT, &request->problems);
    if (request->problems.count > 0)
        return reply_problems(request);
    struct user_page page;
    int error = user_list(services_of(request), &request->arena, query, &page);
    if (error < 0)
        return error;
    return reply_json(request, 200, &user_page_schema, &page);
}

static int read_user(struct request *request)
{
    struct user user;
    int error = user_find(services_of(request), &request->arena, request->path_ids[0], &user);
    if (error < 0)
        return error;
    return reply_json(request, 200, &user_schema, &user);
}

static int render_user(struct request *request, const void *argument)
{
    return reply_json(request, 200, &user_schema, argument);
}

static int update_user(struct request *request)
{
    struct actor actor = actor_of(request);
    struct user *user = arena_allocate(&request->arena, sizeof *user);
    reply_when_done(request, render_user, user);
    return user_update(services_of(request), &actor, &request->problems, request->path_ids[0],
                       request->value_given, request->value, user);
}

static int delete_user(struct request *request)
{
    struct actor actor = actor_of(request);
    int error = user_delete(services_of(request), &actor, &request->problems, request->path_ids[0]);
    if (error < 0)
        return error;
    return reply_empty(request, 204);
}

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .path = "/users",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .query = &user_query_schema,
        .answers = {{200, "A page of the accounts", &user_page_schema, NULL}},
        .summary = "List accounts",
        .tag = "users",
        .handler = list_users,
    },
    {
        .method = METHOD_GET,
        .path = "/users/{user_id}",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .resource = "User",
        .answers = {{200, "The account", &user_schema, NULL}},
        .summary = "Read an account",
        .tag = "users",
        .handler = read_user,
    },
    {
        .method = METHOD_PATCH,
        .path = "/users/{user_id}",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .resource = "User",
        .may_conflict = true,
        .body = &user_update_body,
        .answers = {{200, "The account", &user_schema, NULL}},
        .summary = "Change an account's role, or disable it",
        .tag = "users",
        .handler = update_user,
    },
    {
        .method = METHOD_DELETE,
        .path = "/users/{user_id}",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .resource = "User",
        .may_conflict = true,
        .answers = {{204, "It is gone, and its tasks with it", NULL, NULL}},
        .summary = "Delete an account and its tasks",
        .tag = "users",
        .handler = delete_user,
    },
};

const struct route_table user_routes = ROUTE_TABLE(routes);
