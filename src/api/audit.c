/*
 * audit.c: what was changed, by whom and when.
 */
#include "api/api.h"
#include "domain/event_list.h"

static int list_events(struct request *request)
{
    struct event_page page;
    int error = event_list(services_of(request), request->query, &request->problems, &page);
    if (error < 0)
        return error;
    return reply_json(request, 200, &event_page_schema, &page);
}

static int list_history(struct request *request)
{
    struct actor actor = actor_of(request);
    struct event_page page;
    int error = event_list_task(services_of(request), &actor, request->path_ids[0], request->query,
                                &request->problems, &page);
    if (error < 0)
        return error;
    return reply_json(request, 200, &event_page_schema, &page);
}

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .path = "/audit",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .query = &event_query_schema,
        .answers = {{200, "Changes, newest first", &event_page_schema, NULL}},
        .summary = "List what was changed, by whom and when",
        .tag = "audit",
        .handler = list_events,
    },
    {
        .method = METHOD_GET,
        .path = "/tasks/{task_id}/history",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .resource = "Task",
        .query = &history_query_schema,
        .answers = {{200, "Its changes, newest first", &event_page_schema, NULL}},
        .summary = "List what happened to a task, also after its deletion",
        .tag = "tasks",
        .handler = list_history,
    },
};

const struct route_table audit_routes = ROUTE_TABLE(routes);
