/*
 * notifications.c: what a user is told.
 */
#include "api/api.h"
#include "domain/notification.h"

static int list(struct request *request)
{
    struct actor actor = actor_of(request);
    struct notification_page page;
    int error =
        notification_list(services_of(request), &actor, request->query, &request->problems, &page);
    if (error < 0)
        return error;
    return reply_json(request, 200, &notification_page_schema, &page);
}

static int read_all(struct request *request)
{
    struct actor actor = actor_of(request);
    struct notification_count count;
    int error = notification_read_all(services_of(request), &actor, &count);
    if (error < 0)
        return error;
    return reply_json(request, 200, &notification_count_schema, &count);
}

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .path = "/notifications",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .query = &notification_query_schema,
        .answers = {{200, "Your notifications, newest first", &notification_page_schema, NULL}},
        .summary = "List notifications",
        .tag = "notifications",
        .handler = list,
    },
    {
        .method = METHOD_POST,
        .path = "/notifications/read",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .answers = {{200, "How many were marked", &notification_count_schema, NULL}},
        .summary = "Mark all notifications as read",
        .tag = "notifications",
        .handler = read_all,
    },
};

const struct route_table notification_routes = ROUTE_TABLE(routes);
