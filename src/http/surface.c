#include "http/surface.h"

#include "base/buffer.h"

/* The statuses we send and what v1 calls them. */
static const struct {
    int status;
    const char *phrase;
    const char *code;
} statuses[] = {
    {400, "Bad Request", "VALIDATION_ERROR"},
    {401, "Unauthorized", "UNAUTHORIZED"},
    {403, "Forbidden", "FORBIDDEN"},
    {404, "Not Found", "NOT_FOUND"},
    {405, "Method Not Allowed", "METHOD_NOT_ALLOWED"},
    {409, "Conflict", "CONFLICT"},
    {412, "Precondition Failed", "PRECONDITION_FAILED"},
    {413, "Content Too Large", "PAYLOAD_TOO_LARGE"},
    {415, "Unsupported Media Type", "UNSUPPORTED_MEDIA_TYPE"},
    {416, "Range Not Satisfiable", "RANGE_NOT_SATISFIABLE"},
    {422, "Unprocessable Content", "VALIDATION_ERROR"},
    {426, "Upgrade Required", "UPGRADE_REQUIRED"},
    {429, "Too Many Requests", "RATE_LIMIT_EXCEEDED"},
    {431, "Request Header Fields Too Large", "HEADERS_TOO_LARGE"},
    {500, "Internal Server Error", "INTERNAL_ERROR"},
    {502, "Bad Gateway", "BAD_GATEWAY"},
    {503, "Service Unavailable", "SERVICE_UNAVAILABLE"},
    {504, "Gateway Timeout", "GATEWAY_TIMEOUT"},
};

enum { JOINED_LIMIT = 16384 }; /* bytes of all problems in one message */

enum { STATUS_COUNT = sizeof statuses / sizeof statuses[0] };

static size_t status_place(int status)
{
    size_t place = 0;
    while (place < STATUS_COUNT - 1 && statuses[place].status != status)
        place++;
    return place;
}

const char *status_phrase(int status)
{
    return statuses[status_place(status)].phrase;
}

static bool is_malformed(const struct problems *problems)
{
    return problems != NULL && problems->count == 1 &&
           text_is(text_from(problems->items[0].type), "json_invalid");
}

/* A problem of the input as a whole has no field. */
static struct text field_of_problem(const struct problem *problem)
{
    return problem->field.length > 0 ? problem->field : TEXT("body");
}

static void write_v1(const struct error_answer *error, struct json *json)
{
    bool malformed = is_malformed(error->problems);
    const char *code = malformed ? "MALFORMED_BODY" : statuses[status_place(error->status)].code;
    json_key(json, "error");
    json_begin_object(json);
    json_key(json, "code");
    json_put_string(json, code);
    json_key(json, "message");
    json_put_text(json, error->message);
    json_key(json, "request_id");
    json_put_text(json, error->request_id);
    json_key(json, "details");
    json_begin_array(json);
    for (size_t i = 0; error->problems != NULL && i < error->problems->count; i++) {
        const struct problem *problem = &error->problems->items[i];
        json_begin_object(json);
        json_key(json, "field");
        json_put_text(json, field_of_problem(problem));
        json_key(json, "message");
        json_put_text(json, problem->message);
        json_end_object(json);
    }
    json_end_array(json);
    json_end_object(json);
}

/* "tags.3" as the list ["body","tags",3] */
static void write_location(const struct problem *problem, struct json *json)
{
    static const char *const names[] = {"body", "query", "path", "header"};
    json_begin_array(json);
    json_put_string(json, names[problem->location]);
    struct text rest = problem->field;
    struct text part;
    while (problem->field.length > 0 && text_split(&rest, '.', &part)) {
        int64_t index;
        if (text_parse_integer(part, &index) == 0)
            json_put_integer(json, index);
        else
            json_put_text(json, part);
    }
    json_end_array(json);
}

static void write_classic(const struct error_answer *error, struct json *json)
{
    json_key(json, "detail");
    if (error->status != surface_invalid_status(SURFACE_CLASSIC) || error->problems == NULL) {
        json_put_text(json, error->message);
        return;
    }
    json_begin_array(json);
    for (size_t i = 0; i < error->problems->count; i++) {
        const struct problem *problem = &error->problems->items[i];
        json_begin_object(json);
        json_key(json, "type");
        json_put_string(json, problem->type);
        json_key(json, "loc");
        write_location(problem, json);
        json_key(json, "msg");
        json_put_text(json, problem->message);
        json_key(json, "input");
        json_put_raw(json, problem->input);
        json_end_object(json);
    }
    json_end_array(json);
}

/* "task_name: Field required; priority: Input should be ..." */
static struct text join_problems(const struct problems *problems)
{
    struct buffer joined;
    buffer_init(&joined, problems->arena, JOINED_LIMIT);
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        buffer_add_string(&joined, i == 0 ? "" : "; ");
        buffer_add_text(&joined, problem->field);
        buffer_add_string(&joined, problem->field.length == 0 ? "" : ": ");
        buffer_add_text(&joined, problem->message);
    }
    return buffer_text(&joined);
}

static void write_flask(const struct error_answer *error, struct json *json)
{
    bool invalid = error->status == surface_invalid_status(SURFACE_FLASK);
    json_key(json, error->status == 404 ? "message" : "error");
    json_put_text(json, invalid && error->problems != NULL ? join_problems(error->problems)
                                                           : error->message);
}

static const struct {
    const char *prefix;
    int invalid_status;
    void (*write)(const struct error_answer *error, struct json *json);
    const char *error_schema;
} surfaces[SURFACE_COUNT] = {
    [SURFACE_V1] = {"/api/v1", 400, write_v1, "Error"},
    [SURFACE_CLASSIC] = {"", 422, write_classic, "ClassicError"},
    [SURFACE_PORTFOLIO] = {"", 422, write_classic, "ClassicError"},
    [SURFACE_FLASK] = {"/api", 400, write_flask, "FlaskError"},
    [SURFACE_SYSTEM] = {"", 400, write_v1, "Error"},
};

const char *surface_prefix(enum surface surface)
{
    return surfaces[surface].prefix;
}

static bool is_below(struct text path, const char *prefix)
{
    struct text start = text_from(prefix);
    return text_starts_with(path, start) &&
           (path.length == start.length || path.data[start.length] == '/');
}

enum surface surface_of_path(struct text path)
{
    static const struct {
        const char *prefix;
        enum surface surface;
    } starts[] = {
        {"/api/v1", SURFACE_V1},    {"/api", SURFACE_FLASK},      {"/health", SURFACE_SYSTEM},
        {"/async", SURFACE_SYSTEM}, {"/metrics", SURFACE_SYSTEM}, {"/openapi.json", SURFACE_SYSTEM},
    };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (is_below(path, starts[i].prefix))
            return starts[i].surface;
    }
    return SURFACE_CLASSIC;
}

int surface_invalid_status(enum surface surface)
{
    return surfaces[surface].invalid_status;
}

void surface_write_error(enum surface surface, const struct error_answer *error, struct json *json)
{
    json_begin_object(json);
    surfaces[surface].write(error, json);
    if (error->extra_name != NULL) {
        json_key(json, error->extra_name);
        json_put_raw(json, error->extra);
    }
    json_end_object(json);
}

const char *surface_error_schema(enum surface surface)
{
    return surfaces[surface].error_schema;
}
