/*
 * web.c: the pages for people: the web interface and the two ways to read the API's description.
 *
 * They are made from web/ and compiled in (http/assets.h). Each says by its Content-Security-Policy
 * what it may load: scripts and styles that this server has, nothing written into the page, nothing
 * from another host. Swagger UI and ReDoc set styles while they run, and only there it is allowed.
 */
#include "api/api.h"
#include "http/assets.h"

#define POLICY(styles, more)                                                                       \
    "default-src 'none'; script-src 'self'; style-src 'self'" styles "; img-src 'self' data:" more \
    "; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

struct greeting {
    struct text message;
    struct text status;
    struct text docs;
};

static const struct field greeting_fields[] = {
    {.name = "message", .type = FIELD_TEXT, .offset = offsetof(struct greeting, message)},
    {.name = "status", .type = FIELD_TEXT, .offset = offsetof(struct greeting, status)},
    {.name = "docs",
     .type = FIELD_TEXT,
     .offset = offsetof(struct greeting, docs),
     .description = "Where to read on"},
};
static const struct schema greeting_schema = {
    .name = "Greeting",
    .description = "What answers at the root",
    SCHEMA_FIELDS(greeting_fields),
};

/* A browser that opens a page asks for HTML by name; a client that takes anything does not. */
static bool asks_for_a_page(struct text accept)
{
    struct text item;
    while (text_split(&accept, ',', &item)) {
        if (text_equal_ignoring_case(text_trim(text_before(item, ';')), TEXT("text/html")))
            return true;
    }
    return false;
}

/* The interface speaks to /api/v1: without that there is none. */
static int read_root(struct request *request)
{
    reply_header_constant(request, "Vary", "Accept");
    bool has_api = (api_surfaces(services_of(request)->config) & SURFACE_BIT(SURFACE_V1)) != 0;
    if (has_api && asks_for_a_page(request->headers.accept))
        return assets_reply_page(request, "index",
                                 POLICY("", " blob:") "; require-trusted-types-for 'script'");
    const struct greeting greeting = {TEXT("errand task manager"), TEXT("running"), TEXT("/docs")};
    return reply_json(request, 200, &greeting_schema, &greeting);
}

static int read_docs(struct request *request)
{
    return assets_reply_page(request, "docs", POLICY("", " blob:"));
}

static int read_reference(struct request *request)
{
    return assets_reply_page(request, "redoc", POLICY(" 'unsafe-inline'", "; worker-src blob:"));
}

static int read_asset(struct request *request)
{
    return assets_reply(request, request->match.parameters[0]);
}

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .path = "/",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .answers = {{200, "That it runs, and where to read on; for a browser the web interface",
                     &greeting_schema, NULL}},
        .summary = "Say hello",
        .tag = "system",
        .handler = read_root,
    },
    {
        .method = METHOD_GET,
        .path = "/docs",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .answers = {{200, "Swagger UI", NULL, "text/html"}},
        .summary = "A page to read this description and to try it out",
        .tag = "system",
        .handler = read_docs,
    },
    {
        .method = METHOD_GET,
        .path = "/redoc",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .answers = {{200, "ReDoc", NULL, "text/html"}},
        .summary = "A page to read this description",
        .tag = "system",
        .handler = read_reference,
    },
    {
        .method = METHOD_GET,
        .path = "/assets/{name:text}",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .limit = LIMIT_NONE,
        .internal = true,
        .answers = {{200, "A file that a page loads", NULL, NULL}},
        .summary = "Files of the pages",
        .tag = "system",
        .handler = read_asset,
    },
};

const struct route_table web_routes = ROUTE_TABLE(routes);
