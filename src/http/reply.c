#include "http/reply.h"

#include <stdarg.h>

#include "base/error.h"
#include "http/handshake.h"
#include "schema/encode.h"

static const char json_type[] = "application/json";

void reply_header_constant(struct request *request, const char *name, const char *value)
{
    struct reply *reply = &request->reply;
    if (reply->header_count < REPLY_HEADERS_LIMIT)
        reply->headers[reply->header_count++] = (struct reply_header){name, value};
}

void reply_header(struct request *request, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct text value = arena_format_list(&request->arena, format, arguments);
    va_end(arguments);
    reply_header_constant(request, name, value.data);
}

void reply_header_default(struct request *request, const char *name, const char *value)
{
    const struct reply *reply = &request->reply;
    for (size_t i = 0; i < reply->header_count; i++) {
        if (text_is(text_from(reply->headers[i].name), name))
            return;
    }
    reply_header_constant(request, name, value);
}

int reply_text(struct request *request, int status, const char *content_type, struct text body)
{
    request->reply.status = status;
    request->reply.body = body;
    reply_header_constant(request, "Content-Type", content_type);
    return 0;
}

int reply_stream(struct request *request, int status, const char *content_type,
                 reply_producer *produce, void *argument)
{
    request->reply.produce = produce;
    request->reply.produce_argument = argument;
    return reply_text(request, status, content_type, TEXT(""));
}

static int reply_channel(struct request *request, int status, enum channel_kind kind,
                         channel_opened *opened, void *argument)
{
    request->reply.status = status;
    request->reply.channel = kind;
    request->reply.opened = opened;
    request->reply.opened_argument = argument;
    return 0;
}

int reply_websocket(struct request *request, channel_opened *opened, void *argument)
{
    handshake_answer(request);
    return reply_channel(request, 101, CHANNEL_WEBSOCKET, opened, argument);
}

int reply_push(struct request *request, const char *content_type, channel_opened *opened,
               void *argument)
{
    reply_header_constant(request, "Content-Type", content_type);
    return reply_channel(request, 200, CHANNEL_PUSH, opened, argument);
}

int reply_file(struct request *request, int status, const char *content_type, int descriptor,
               uint64_t offset, uint64_t length)
{
    struct reply *reply = &request->reply;
    reply->status = status;
    reply->has_file = true;
    reply->descriptor = descriptor;
    reply->offset = offset;
    reply->length = length;
    reply_header_constant(request, "Content-Type", content_type);
    return 0;
}

int reply_empty(struct request *request, int status)
{
    request->reply.status = status;
    request->reply.body = TEXT("");
    return 0;
}

int reply_when_done(struct request *request,
                    int (*render)(struct request *request, const void *argument),
                    const void *argument)
{
    request->render = render;
    request->render_argument = argument;
    return 0;
}

void reply_begin(struct request *request, struct buffer *buffer, struct json *json)
{
    buffer_init(buffer, &request->arena, REPLY_LIMIT);
    json_init(json, buffer);
}

int reply_end(struct request *request, int status, struct buffer *buffer)
{
    if (buffer_overflowed(buffer))
        return ERROR_TOO_LARGE;
    return reply_text(request, status, json_type, buffer_text(buffer));
}

int reply_json(struct request *request, int status, const struct schema *schema,
               const void *structure)
{
    struct buffer buffer;
    struct json json;
    reply_begin(request, &buffer, &json);
    encode_json(schema, structure, &json);
    return reply_end(request, status, &buffer);
}

static int write_error(struct request *request, const struct error_answer *error)
{
    struct buffer buffer;
    struct json json;
    reply_begin(request, &buffer, &json);
    surface_write_error(request->match.surface, error, &json);
    if (error->status == 401)
        reply_header_constant(request, "WWW-Authenticate", "Bearer");
    return reply_end(request, error->status, &buffer);
}

int reply_error(struct request *request, int status, const char *message)
{
    struct error_answer error = {
        .status = status,
        .message = text_from(message),
        .request_id = request->id,
    };
    return write_error(request, &error);
}

int reply_problems(struct request *request)
{
    struct error_answer error = {
        .status = surface_invalid_status(request->match.surface),
        .message = TEXT("The request is not valid"),
        .request_id = request->id,
        .problems = &request->problems,
    };
    return write_error(request, &error);
}

/* The answer to each error a handler may return. A message of NULL is made of the resource. */
static const struct {
    int error;
    int status;
    const char *message;
} failures[] = {
    {ERROR_NOT_FOUND, 404, NULL},
    {ERROR_FORBIDDEN, 403, "Not enough permissions"},
    {ERROR_CONFLICT, 409, "This conflicts with what is there"},
    {ERROR_STALE, 412, "The version is not the current one"},
    {ERROR_UNAUTHORIZED, 401, "Could not validate credentials"},
    {ERROR_TOO_LARGE, 413, "The request or its answer is too large"},
    {ERROR_BUSY, 503, "The server is busy, try again"},
    {ERROR_UNAVAILABLE, 503, "A part of the server is out of reach, try again"},
    {ERROR_TIMEOUT, 503, "This took too long, try again"},
    {ERROR_CANCELLED, 503, "The server is shutting down, try again"},
};

static struct error_answer describe_failure(struct request *request, int error)
{
    struct error_answer answer = {.status = 500,
                                  .message = TEXT("Something went wrong on the server"),
                                  .request_id = request->id};
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (failures[i].error != error)
            continue;
        answer.status = failures[i].status;
        answer.message = text_from(failures[i].message);
    }
    if (error == ERROR_NOT_FOUND) {
        const struct route *route = request->match.route;
        bool named = route != NULL && route->resource != NULL;
        answer.message = arena_format(&request->arena, "%s not found",
                                      named ? route->resource : "The resource was");
    }
    if (error == ERROR_CONFLICT && request->problems.count > 0) {
        answer.problems = &request->problems;
        answer.message = request->problems.items[0].message;
    }
    return answer;
}

int reply_failure_with(struct request *request, int error, const char *extra_name,
                       struct text extra)
{
    if (error == ERROR_INVALID)
        return reply_problems(request);
    struct error_answer answer = describe_failure(request, error);
    answer.extra_name = extra_name;
    answer.extra = extra;
    if (answer.status == 500)
        log_error("request failed: %s", error_text(error));
    if (answer.status == 503)
        reply_header_constant(request, "Retry-After", "1");
    return write_error(request, &answer);
}

int reply_failure(struct request *request, int error)
{
    return reply_failure_with(request, error, NULL, TEXT_NULL);
}
