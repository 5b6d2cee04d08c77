/*
 * events.c: the changes as they happen: a WebSocket, and the same as Server-Sent Events.
 */
#include "api/live.h"
#include "base/config.h"
#include "base/error.h"
#include "http/handshake.h"

struct listen_query {
    int64_t since;
    struct text token;
};

static const struct field fields[] = {
    {.name = "since",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct listen_query, since),
     .flags = FIELD_NULLABLE,
     .minimum = 0,
     .maximum = INT64_MAX,
     .description =
         "The seq of the last message that was heard: what was missed since comes first"},
    {.name = "token",
     .type = FIELD_TEXT,
     .offset = offsetof(struct listen_query, token),
     .flags = FIELD_WRITE_ONLY,
     .description = "The access token, where the Authorization header cannot be set"},
};

static void init_query(void *structure)
{
    struct listen_query *query = structure;
    query->since = FIELD_INTEGER_NULL;
}

static const struct schema query_schema = {
    .name = "ListenQuery",
    SCHEMA_FIELDS(fields),
    .size = sizeof(struct listen_query),
    .init = init_query,
};

static int listen_for(struct request *request, enum channel_kind kind, int64_t since)
{
    int error = live_listen(request, kind, since);
    if (error != ERROR_BUSY)
        return error;
    return reply_error(request, 429, "Too many connections listen already, close one first");
}

static int open_websocket(struct request *request)
{
    const struct listen_query *query = request->query;
    const struct config *config = services_of(request)->config;
    if (!handshake_check(request, text_from(config->cors_origins)))
        return 0;
    return listen_for(request, CHANNEL_WEBSOCKET, query->since);
}

/* A browser that connects again sends the last id that it has seen, to the same URL as before. */
static int open_events(struct request *request)
{
    const struct listen_query *query = request->query;
    struct text last = text_trim(request->headers.last_event_id);
    int64_t since = query->since;
    if (last.length > 0 && (text_parse_integer(last, &since) < 0 || since < 0)) {
        request->problems.location = LOCATION_HEADER;
        problem_value(&request->problems, "Last-Event-ID", "This is no id of an event");
        return ERROR_INVALID;
    }
    reply_header_constant(request, "Cache-Control", "no-store");
    reply_header_constant(request, "X-Accel-Buffering", "no");
    return listen_for(request, CHANNEL_PUSH, since);
}

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .path = "/ws",
        .surfaces = SURFACE_BIT(SURFACE_CLASSIC) | SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .takes_token_anywhere = true,
        .may_forbid = true,
        .query = &query_schema,
        .answers = {{101,
                     "A WebSocket, on which every change that the caller may see arrives as a "
                     "JSON text",
                     NULL, NULL},
                    {426, "The request is no WebSocket handshake", NULL, NULL}},
        .summary = "Hear of changes as they happen, over a WebSocket",
        .tag = "events",
        .handler = open_websocket,
    },
    {
        .method = METHOD_GET,
        .path = "/events",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .takes_token_anywhere = true,
        .query = &query_schema,
        .answers = {{200, "Every change that the caller may see, as it happens", NULL,
                     "text/event-stream"}},
        .summary = "Hear of changes as they happen, as Server-Sent Events",
        .tag = "events",
        .handler = open_events,
    },
};

const struct route_table event_routes = ROUTE_TABLE(routes);
