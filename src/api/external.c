/*
 * external.c: a call of another server, passed on; the caller waits, the others do not.
 */
#include "api/api.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "net/net.h"
#include "schema/json_tree.h"

enum { EXTERNAL_LIMIT = 1 << 20 }; /* bytes of the answer */

struct external_answer {
    int64_t status;
    double elapsed; /* milliseconds */
    struct text data;
};

static const struct field fields[] = {
    {.name = "status_code",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct external_answer, status),
     .description = "What the other server answered with"},
    {.name = "elapsed_ms",
     .type = FIELD_REAL,
     .offset = offsetof(struct external_answer, elapsed),
     .description = "How long that took"},
    {.name = "data",
     .type = FIELD_JSON,
     .flags = FIELD_NULLABLE | FIELD_ANY_TYPE,
     .offset = offsetof(struct external_answer, data),
     .description = "Its JSON as it is, another text as a string; null where it is neither"},
};

static const struct schema external_schema = {
    .name = "ExternalAnswer",
    .description = "What another server answered",
    SCHEMA_FIELDS(fields),
};

/* The body as a JSON value; the null text where it is no text at all. */
static struct text data_of(struct arena *arena, struct text body)
{
    const json_t *tree;
    if (json_tree_parse(arena, body, &tree, NULL) == 0)
        return body;
    if (!text_is_valid(body))
        return TEXT_NULL;
    struct buffer buffer;
    struct json json;
    buffer_init(&buffer, arena, 6 * EXTERNAL_LIMIT + 2); /* all of it escaped */
    json_init(&json, &buffer);
    json_put_text(&json, body);
    return buffer_text(&buffer);
}

static int call_external(struct request *request)
{
    const struct services *services = services_of(request);
    const struct net_request call = {
        .url = services->config->external_url,
        .timeout = services->config->external_timeout * CLOCK_SECOND,
        .limit = EXTERNAL_LIMIT,
    };
    if (call.url == NULL)
        return reply_error(request, 503, "There is no external service: EXTERNAL_API_URL is unset");
    int64_t begin = clock_monotonic();
    struct net_answer answer;
    struct text message;
    int error = net_fetch(services->net, &request->arena, &call, &answer, &message);
    if (error == ERROR_CANCELLED)
        return error;
    if (error < 0)
        log_warning("EXTERNAL_API_URL: %.*s", TEXT_ARGUMENTS(message));
    if (error == ERROR_TIMEOUT)
        return reply_error(request, 504, "The external service did not answer in time");
    if (error == ERROR_TOO_LARGE)
        return reply_error(request, 502, "The external service answered with more than 1 MiB");
    if (error < 0)
        return reply_error(request, 502, "The external service cannot be reached");
    const struct external_answer external = {
        .status = answer.status,
        .elapsed = (double)(clock_monotonic() - begin) / 1000,
        .data = data_of(&request->arena, answer.body),
    };
    return reply_json(request, 200, &external_schema, &external);
}

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .path = "/async/external",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .calls_others = true,
        .answers = {{200, "What the other server answered", &external_schema, NULL}},
        .summary = "Call another server, while others are served",
        .tag = "async",
        .handler = call_external,
    },
};

const struct route_table external_routes = ROUTE_TABLE(routes);
