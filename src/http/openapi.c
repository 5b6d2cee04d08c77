#include "http/openapi.h"

#include <stdio.h>

#include "base/json.h"
#include "schema/json_schema.h"

enum { NAMES_LIMIT = 128 };

/* The schemas that were written already, by name. */
struct names {
    const char *items[NAMES_LIMIT];
    size_t count;
};

static void put_string(struct json *json, const char *key, const char *value)
{
    json_key(json, key);
    json_put_string(json, value);
}

static bool add_name(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (text_is(text_from(name), names->items[i]))
            return false;
    }
    if (names->count == NAMES_LIMIT)
        return false;
    names->items[names->count++] = name;
    return true;
}

/* Parameters. */

static void write_path_parameters(const struct route *route, struct json *json)
{
    for (size_t i = 0; i < ROUTE_PARAMETERS_LIMIT; i++) {
        bool is_text = false;
        struct text name = route_parameter_name(route, i, &is_text);
        if (name.data == NULL)
            return;
        json_begin_object(json);
        json_key(json, "name");
        json_put_text(json, name);
        put_string(json, "in", "path");
        json_key(json, "required");
        json_put_boolean(json, true);
        json_key(json, "schema");
        json_begin_object(json);
        put_string(json, "type", is_text ? "string" : "integer");
        json_end_object(json);
        json_end_object(json);
    }
}

static void write_query_parameters(const struct schema *query, struct json *json)
{
    for (size_t i = 0; query != NULL && i < query->count; i++) {
        const struct field *field = &query->fields[i];
        json_begin_object(json);
        put_string(json, "name", field->name);
        put_string(json, "in", "query");
        json_key(json, "required");
        json_put_boolean(json, (field->flags & FIELD_REQUIRED) != 0);
        if (field->description != NULL)
            put_string(json, "description", field->description);
        json_key(json, "schema");
        json_schema_write_value(field, json);
        json_end_object(json);
    }
}

static void write_header_parameter(const char *name, const char *description, struct json *json)
{
    json_begin_object(json);
    put_string(json, "name", name);
    put_string(json, "in", "header");
    put_string(json, "description", description);
    json_key(json, "schema");
    json_begin_object(json);
    put_string(json, "type", "string");
    json_end_object(json);
    json_end_object(json);
}

static void write_header_parameters(const struct route *route, struct json *json)
{
    if (route->conditional && route->method == METHOD_GET)
        write_header_parameter("If-None-Match",
                               "The ETag that the client has: 304 when it is still the current one",
                               json);
    else if (route->conditional)
        write_header_parameter("If-Match",
                               "The ETag that the change is based on: 412 when it is no longer the "
                               "current one",
                               json);
    if (route_keeps_answers(route))
        write_header_parameter("Idempotency-Key",
                               "Makes the request safe to send again: within 24 hours the same key "
                               "gets the same answer, with Idempotent-Replayed: true; 422 for "
                               "another request with it, 409 while the first is being carried out",
                               json);
}

static void write_parameters(const struct route *route, struct json *json)
{
    json_key(json, "parameters");
    json_begin_array(json);
    write_path_parameters(route, json);
    write_query_parameters(route->query, json);
    write_header_parameters(route, json);
    json_end_array(json);
}

static void write_body_as(const struct body *body, const char *content_type, struct json *json)
{
    json_key(json, content_type);
    json_begin_object(json);
    json_key(json, "schema");
    json_schema_write_reference(body->name, json);
    json_end_object(json);
}

/* What a route that streams takes: a form with a file. */
static void write_form(struct json *json)
{
    json_key(json, "requestBody");
    json_put_raw(json, TEXT("{\"required\":true,\"content\":{\"multipart/form-data\":{\"schema\":"
                            "{\"type\":\"object\",\"required\":[\"file\"],\"properties\":{"
                            "\"file\":{\"type\":\"string\",\"format\":\"binary\"}}}}}}"));
}

static void write_body(const struct body *body, struct json *json)
{
    if (body == NULL)
        return;
    json_key(json, "requestBody");
    json_begin_object(json);
    json_key(json, "required");
    json_put_boolean(json, true);
    json_key(json, "content");
    json_begin_object(json);
    write_body_as(body, "application/json", json);
    if (body->accepts_form)
        write_body_as(body, "application/x-www-form-urlencoded", json);
    json_end_object(json);
    json_end_object(json);
}

/* Answers. */

static void begin_answer(int status, const char *description, struct json *json)
{
    char key[12];
    snprintf(key, sizeof key, "%d", status);
    json_key(json, key);
    json_begin_object(json);
    put_string(json, "description", description);
}

static void write_content(const char *content_type, const char *schema_name, bool is_list,
                          struct json *json)
{
    json_key(json, "content");
    json_begin_object(json);
    json_key(json, content_type);
    json_begin_object(json);
    if (schema_name != NULL) {
        json_key(json, "schema");
        if (is_list) {
            json_begin_object(json);
            put_string(json, "type", "array");
            json_key(json, "items");
        }
        json_schema_write_reference(schema_name, json);
        if (is_list)
            json_end_object(json);
    }
    json_end_object(json);
    json_end_object(json);
}

/* An answer without a body of its own that is an error has an error's. */
static void write_answer(const struct route_answer *answer, enum surface surface, bool is_list,
                         struct json *json)
{
    begin_answer(answer->status, answer->description, json);
    if (answer->schema != NULL)
        write_content("application/json", answer->schema->name, is_list, json);
    else if (answer->content_type != NULL)
        write_content(answer->content_type, NULL, false, json);
    else if (answer->status >= 400)
        write_content("application/json", surface_error_schema(surface), false, json);
    json_end_object(json);
}

static void write_error_answer(enum surface surface, int status, struct json *json)
{
    begin_answer(status, status_phrase(status), json);
    write_content("application/json", surface_error_schema(surface), false, json);
    json_end_object(json);
}

static bool is_told(const struct route *route, int status)
{
    for (size_t i = 0; i < ROUTE_ANSWERS_LIMIT; i++) {
        if (route->answers[i].status == status)
            return true;
    }
    return false;
}

/* The errors that follow from what the row says, but for those that it tells of itself. */
static void write_errors(const struct route *route, enum surface surface, struct json *json)
{
    bool has_path_id = false;
    for (size_t i = 0; i < ROUTE_PARAMETERS_LIMIT; i++) {
        bool is_text = true;
        has_path_id =
            has_path_id || (route_parameter_name(route, i, &is_text).data != NULL && !is_text);
    }
    bool takes_input =
        route->body != NULL || route->query != NULL || has_path_id || route_keeps_answers(route);
    const struct {
        int status;
        bool possible;
    } errors[] = {
        {surface_invalid_status(surface), takes_input},
        {401, true},
        {403, route->access == ACCESS_ADMIN || route->resource != NULL || route->may_forbid},
        {404, route->resource != NULL},
        {409, route->may_conflict || route_keeps_answers(route)},
        {412, route->conditional && route->method != METHOD_GET},
        {413, route->body != NULL || route->streams != NULL},
        {415, route->body != NULL || route->streams != NULL},
        {422, surface_invalid_status(surface) != 422 && route_keeps_answers(route)},
        {429, route->limit != LIMIT_NONE},
        {502, route->calls_others},
        {503, route->calls_others},
        {504, route->calls_others},
    };
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (errors[i].possible && !is_told(route, errors[i].status))
            write_error_answer(surface, errors[i].status, json);
    }
}

static void write_answers(const struct route *route, enum surface surface, struct json *json)
{
    json_key(json, "responses");
    json_begin_object(json);
    for (size_t i = 0; i < ROUTE_ANSWERS_LIMIT && route->answers[i].status != 0; i++)
        write_answer(&route->answers[i], surface, route->answers_list && i == 0, json);
    write_errors(route, surface, json);
    json_end_object(json);
}

/* Operations and paths. */

/* "/tasks/{tag:text}" as "/tasks/{tag}" */
static void write_path(struct buffer *out, const struct route *route, enum surface surface)
{
    buffer_add_string(out, surface_prefix(surface));
    for (const char *at = route->path; *at != '\0'; at++) {
        if (*at == ':')
            at = strchr(at, '}');
        buffer_add_char(out, *at);
    }
}

/* "get_api_v1_tasks_task_id" */
static void write_operation_id(const struct route *route, enum surface surface, struct json *json)
{
    char path[256];
    char id[256];
    struct buffer buffer;
    buffer_init_fixed(&buffer, path, sizeof path);
    write_path(&buffer, route, surface);
    struct buffer name;
    buffer_init_fixed(&name, id, sizeof id);
    for (const char *at = method_name(route->method); *at != '\0'; at++)
        buffer_add_char(&name, (char)(*at + ('a' - 'A')));
    for (size_t i = 0; i < buffer.length; i++) {
        char c = path[i];
        if (c == '/' || c == '.')
            buffer_add_char(&name, '_');
        else if (c != '{' && c != '}')
            buffer_add_char(&name, c);
    }
    json_key(json, "operationId");
    json_put_text(json, buffer_text(&name));
}

static void write_operation(const struct route *route, enum surface surface, struct json *json)
{
    static const char *const methods[METHOD_COUNT] = {"get", "post", "put", "patch", "delete"};
    json_key(json, methods[route->method]);
    json_begin_object(json);
    put_string(json, "summary", route->summary);
    json_key(json, "tags");
    json_begin_array(json);
    json_put_string(json, route->tag);
    json_end_array(json);
    write_operation_id(route, surface, json);
    write_parameters(route, json);
    write_body(route->body, json);
    if (route->streams != NULL)
        write_form(json);
    write_answers(route, surface, json);
    if (route->access != ACCESS_PUBLIC) {
        json_key(json, "security");
        json_put_raw(json, TEXT("[{\"bearerAuth\":[]},{\"sessionCookie\":[]}]"));
    }
    json_end_object(json);
}

static bool same_path(const struct route *a, enum surface surface_a, const struct route *b,
                      enum surface surface_b)
{
    return text_is(text_from(a->path), b->path) &&
           text_is(text_from(surface_prefix(surface_a)), surface_prefix(surface_b));
}

/* All methods of a path stand together, at the place of its first row. */
static void write_paths(const struct router *router, struct json *json)
{
    size_t count = router_count(router);
    json_key(json, "paths");
    json_begin_object(json);
    for (size_t i = 0; i < count; i++) {
        enum surface surface;
        enum surface other_surface;
        const struct route *route = router_route(router, i, &surface);
        bool first = !route->internal;
        for (size_t j = 0; j < i && first; j++) {
            const struct route *other = router_route(router, j, &other_surface);
            first = !same_path(route, surface, other, other_surface);
        }
        if (!first)
            continue;
        char path[256];
        struct buffer buffer;
        buffer_init_fixed(&buffer, path, sizeof path - 1);
        write_path(&buffer, route, surface);
        path[buffer.length] = '\0';
        json_key(json, path);
        json_begin_object(json);
        for (size_t j = i; j < count; j++) {
            const struct route *other = router_route(router, j, &other_surface);
            if (same_path(route, surface, other, other_surface))
                write_operation(other, other_surface, json);
        }
        json_end_object(json);
    }
    json_end_object(json);
}

/* Components. */

static void write_schema(const struct schema *schema, struct names *names, struct json *json)
{
    if (schema == NULL || !add_name(names, schema->name))
        return;
    json_key(json, schema->name);
    json_schema_write_answer(schema, json);
    for (size_t i = 0; i < schema->count; i++)
        write_schema(schema->fields[i].items, names, json);
}

static void write_route_schemas(const struct route *route, struct names *names, struct json *json)
{
    for (size_t i = 0; i < ROUTE_ANSWERS_LIMIT; i++)
        write_schema(route->answers[i].schema, names, json);
    if (route->body != NULL && add_name(names, route->body->name)) {
        json_key(json, route->body->name);
        json_schema_write_body(route->body, json);
    }
}

/* The shapes that surface.c writes. */
static const struct {
    const char *name;
    const char *schema;
} error_schemas[] = {
    {"Error",
     "{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{\"type\":\"object\","
     "\"required\":[\"code\",\"message\",\"request_id\",\"details\"],\"properties\":{"
     "\"code\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},"
     "\"request_id\":{\"type\":\"string\"},\"details\":{\"type\":\"array\",\"items\":{"
     "\"type\":\"object\",\"required\":[\"field\",\"message\"],\"properties\":{"
     "\"field\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"}}}}}}}}"},
    {"ClassicError",
     "{\"type\":\"object\",\"required\":[\"detail\"],\"properties\":{\"detail\":{\"oneOf\":["
     "{\"type\":\"string\"},{\"type\":\"array\",\"items\":{\"type\":\"object\","
     "\"required\":[\"type\",\"loc\",\"msg\",\"input\"],\"properties\":{"
     "\"type\":{\"type\":\"string\"},"
     "\"loc\":{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"integer\"]}},"
     "\"msg\":{\"type\":\"string\"},\"input\":{}}}}]}}}"},
    {"FlaskError",
     "{\"type\":\"object\",\"oneOf\":[{\"required\":[\"error\"]},{\"required\":[\"message\"]}],"
     "\"properties\":{\"error\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"}}}"},
};

static void write_components(const struct router *router, struct json *json)
{
    struct names names = {.count = 0};
    json_key(json, "components");
    json_begin_object(json);
    json_key(json, "securitySchemes");
    json_put_raw(
        json,
        TEXT("{\"bearerAuth\":{\"type\":\"http\",\"scheme\":\"bearer\","
             "\"bearerFormat\":\"JWT\"},\"sessionCookie\":{\"type\":\"apiKey\",\"in\":\"cookie\","
             "\"name\":\"errand_session\",\"description\":\"Of the web interface; what "
             "changes something also needs X-Requested-With: errand from the same "
             "origin\"}}"));
    json_key(json, "schemas");
    json_begin_object(json);
    for (size_t i = 0; i < sizeof error_schemas / sizeof error_schemas[0]; i++) {
        json_key(json, error_schemas[i].name);
        json_put_raw(json, text_from(error_schemas[i].schema));
    }
    for (size_t i = 0; i < router_count(router); i++) {
        enum surface surface;
        write_route_schemas(router_route(router, i, &surface), &names, json);
    }
    json_end_object(json);
    json_end_object(json);
}

void openapi_write(const struct router *router, struct buffer *out)
{
    struct json json;
    json_init(&json, out);
    json_begin_object(&json);
    put_string(&json, "openapi", "3.1.0");
    json_key(&json, "info");
    json_begin_object(&json);
    put_string(&json, "title", "errand");
    put_string(&json, "description",
               "A task manager. The canonical API is below /api/v1; the others serve the same data "
               "in other words.");
    put_string(&json, "version", ERRAND_VERSION);
    json_end_object(&json);
    write_paths(router, &json);
    write_components(router, &json);
    json_end_object(&json);
}
