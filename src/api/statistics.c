/*
 * statistics.c: tasks in numbers.
 */
#include "domain/statistics.h"

#include "api/api.h"

static int read_statistics(struct request *request)
{
    struct text json;
    bool kept;
    int error = statistics_find(services_of(request), &request->arena, request->identity.user_id,
                                &json, &kept);
    if (error < 0)
        return error;
    reply_header_constant(request, "X-Cache", kept ? "HIT" : "MISS");
    return reply_text(request, 200, "application/json", json);
}

static int read_analytics(struct request *request)
{
    struct actor actor = actor_of(request);
    struct analytics analytics = {0};
    int error = analytics_find(services_of(request), &actor, request->query, &request->problems,
                               &analytics);
    if (error < 0)
        return error;
    return reply_json(request, 200, &analytics_schema, &analytics);
}

enum { BOTH = SURFACE_BIT(SURFACE_V1) | SURFACE_BIT(SURFACE_CLASSIC) };

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .path = "/tasks/stats",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .answers = {{200, "The numbers; X-Cache says whether they were kept (HIT) or made (MISS)",
                     &statistics_schema, NULL}},
        .summary = "One's own tasks in numbers",
        .tag = "statistics",
        .handler = read_statistics,
    },
    {
        .method = METHOD_GET,
        .path = "/analytics",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .query = &analytics_query_schema,
        .answers = {{200, "The numbers", &analytics_schema, NULL}},
        .summary = "The tasks of a period in numbers: one's own, an administrator's everybody's",
        .tag = "statistics",
        .handler = read_analytics,
    },
};

const struct route_table statistics_routes = ROUTE_TABLE(routes);
