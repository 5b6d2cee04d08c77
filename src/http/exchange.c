#include "http/exchange.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/error.h"
#include "base/log.h"
#include "http/body_stream.h"
#include "http/head.h"
#include "http/push.h"
#include "http/reply.h"
#include "http/stream.h"
#include "http/upgrade.h"
#include "runtime/fiber.h"

enum {
    HEAD_LIMIT = 8192,        /* bytes of header fields */
    DISCARD_LIMIT = 16 << 20, /* bytes of a body too large that are read before the answer */
};

enum exchange_state {
    EXCHANGE_READING,   /* the body is not complete */
    EXCHANGE_HELD,      /* its fiber runs, and the connection waits before the body */
    EXCHANGE_STREAMING, /* its fiber runs while the body arrives */
    EXCHANGE_PAUSED,    /* likewise, but the stream is full and the connection suspended */
    EXCHANGE_RUNNING,   /* its fiber runs inside exchange_continue */
    EXCHANGE_SUSPENDED, /* its fiber is parked, and so is the connection */
    EXCHANGE_ANSWERED,  /* the answer is made */
};

/* A request and what belongs to its transport. */
struct exchange {
    struct request request;
    struct body_stream stream;
    struct exchanges *exchanges;
    struct MHD_Connection *mhd;
    struct connection *connection;
    struct fiber *fiber;
    struct exchange *previous;
    struct exchange *next;
    struct exchange *next_parking;
    enum exchange_state state;
    uint64_t received; /* bytes of the body */
    bool has_head;
    bool gone;     /* the connection is; the fiber is not */
    bool was_held; /* the call for the head comes again */
};

/* The list of exchanges whose head is complete. */

static void exchange_enlist(struct exchange *exchange)
{
    struct exchanges *exchanges = exchange->exchanges;
    exchange->next = exchanges->first;
    if (exchange->next != NULL)
        exchange->next->previous = exchange;
    exchanges->first = exchange;
}

static void exchange_delist(struct exchange *exchange)
{
    if (exchange->previous != NULL)
        exchange->previous->next = exchange->next;
    else
        exchange->exchanges->first = exchange->next;
    if (exchange->next != NULL)
        exchange->next->previous = exchange->previous;
}

/* From the first line to the head. */

void *exchange_begin(void *context, const char *uri, struct MHD_Connection *mhd)
{
    struct exchanges *exchanges = context;
    struct arena arena;
    arena_init(&arena);
    struct exchange *exchange = arena_allocate_zeroed(&arena, sizeof *exchange);
    struct text target = arena_copy(&arena, text_from(uri));
    struct request *request = &exchange->request;
    text_split(&target, '?', &request->path);
    request->query_string = target;
    request->http = exchanges->options->http;
    request->application = exchanges->options->application;
    request->arena = arena;
    exchange->exchanges = exchanges;
    exchange->mhd = mhd;
    exchange->connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    return exchange;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
    struct reply *reply = &exchange->request.reply;
    if (reply->opened != NULL && reply->channel == CHANNEL_WEBSOCKET)
        return upgrade_response(&exchange->request, &exchange->exchanges->websockets,
                                &exchange->exchanges->due);
    if (reply->opened != NULL)
        return push_response(&exchange->request, exchange->mhd, &exchange->exchanges->due);
    if (reply->produce != NULL)
        return stream_response(&exchange->request, exchange->mhd, &exchange->exchanges->due);
    if (!reply->has_file)
        return MHD_create_response_from_buffer(reply->body.length, (void *)reply->body.data,
                                               MHD_RESPMEM_PERSISTENT);
    struct MHD_Response *response =
        MHD_create_response_from_fd_at_offset64(reply->length, reply->descriptor, reply->offset);
    if (response != NULL)
        reply->has_file = false; /* the response closes it */
    return response;
}

static enum MHD_Result queue_answer(struct exchange *exchange)
{
    struct reply *reply = &exchange->request.reply;
    struct MHD_Response *response = make_response(exchange);
    if (response == NULL)
        return MHD_NO;
    /* To a HEAD libmicrohttpd would send the end of a body of unknown length, which is one. */
    if ((reply->produce != NULL || reply->opened != NULL) &&
        text_is(exchange->request.method_name, "HEAD"))
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    for (size_t i = 0; i < reply->header_count; i++)
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    if (exchange->exchanges->draining && reply->status != 101)
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result queued = MHD_queue_response(exchange->mhd, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

/* The access line, and the counters. */
static void account_for(struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    int64_t duration = clock_monotonic() - request->started;
    const struct log_context *outside = log_get_context();
    log_set_context(&request->log);
    log_request(&(struct log_access){
        .method = request->method_name,
        .path = request->path,
        .status = request->reply.status,
        .duration = duration,
    });
    log_set_context(outside);
    metrics_count(exchange->exchanges->options->metrics, exchange->exchanges->options->index,
                  &request->match, request->reply.status, duration);
}

static enum MHD_Result answer(struct exchange *exchange)
{
    exchange->state = EXCHANGE_ANSWERED;
    connections_enter(&exchange->exchanges->connections, exchange->connection, CONNECTION_BUSY);
    account_for(exchange);
    return queue_answer(exchange);
}

static enum MHD_Result reject(struct exchange *exchange, int status, const char *message)
{
    dispatch_reject(exchange->exchanges->options->dispatch, &exchange->request, status, message);
    return answer(exchange);
}

/* The declared length of the body; 0 when it is chunked or there is none. */
static int64_t declared_length(struct MHD_Connection *mhd)
{
    const char *header = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Content-Length");
    int64_t length = 0;
    if (header == NULL || text_parse_integer(text_from(header), &length) < 0)
        return 0;
    return length;
}

static void request_fiber(void *argument);

static bool is_streaming(const struct exchange *exchange)
{
    return exchange->request.stream != NULL;
}

static void resume(struct exchange *exchange)
{
    MHD_resume_connection(exchange->mhd);
    exchange->exchanges->due = true;
}

static void park_after_run(struct exchange *exchange)
{
    connections_enter(&exchange->exchanges->connections, exchange->connection, CONNECTION_BUSY);
    exchange->next_parking = exchange->exchanges->parking;
    exchange->exchanges->parking = exchange;
}

/* The handler has nothing left to read. */
static void demand_more(struct body_stream *stream)
{
    struct exchange *exchange = CONTAINER_OF(stream, struct exchange, stream);
    enum exchange_state before = exchange->state;
    exchange->state = EXCHANGE_STREAMING;
    if (before == EXCHANGE_PAUSED || exchange->was_held)
        resume(exchange);
    connections_enter(&exchange->exchanges->connections, exchange->connection, CONNECTION_READING);
}

static enum MHD_Result begin_stream(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    int64_t declared = declared_length(exchange->mhd);
    head_keep(request);
    uint64_t limit = request->match.route->streams(exchange->exchanges->options->config);
    body_stream_init(&exchange->stream, &request->arena, limit, (uint64_t)declared, demand_more);
    request->stream = &exchange->stream;
    bool hold = declared > DISCARD_LIMIT ||
                text_equal_ignoring_case(request->headers.expect, TEXT("100-continue"));
    exchange->state = hold ? EXCHANGE_HELD : EXCHANGE_STREAMING;
    fiber_start(request_fiber, exchange);
    if (hold && exchange->state == EXCHANGE_ANSWERED)
        return answer(exchange);
    if (exchange->state == EXCHANGE_HELD) {
        connections_enter(&exchange->exchanges->connections, exchange->connection, CONNECTION_BUSY);
        exchange->was_held = true;
        MHD_suspend_connection(exchange->mhd);
    }
    return MHD_YES;
}

static enum MHD_Result receive_head(struct exchange *exchange, const char *method,
                                    const char *version)
{
    struct exchanges *exchanges = exchange->exchanges;
    struct request *request = &exchange->request;
    exchange->has_head = true;
    exchange_enlist(exchange);
    connections_enter(&exchanges->connections, exchange->connection, CONNECTION_READING);
    request->started = clock_monotonic();
    request->method_name = arena_copy(&request->arena, text_from(method));
    size_t size = head_read(request, exchange->mhd);
    request->is_http_1_0 = text_is(text_from(version), "HTTP/1.0");
    request->address =
        address_of_client(&exchange->connection->peer, request->headers.forwarded_for,
                          exchanges->options->dispatch->trusted_proxies);
    request->is_secure =
        text_equal_ignoring_case(request->headers.forwarded_scheme, TEXT("https")) &&
        address_set_has(exchanges->options->dispatch->trusted_proxies, &exchange->connection->peer);
    dispatch_begin(exchanges->options->dispatch, request);
    buffer_init(&request->body, &request->arena, (size_t)exchanges->options->config->max_body_size);
    /* RFC 9112, section 3.2. libmicrohttpd would check this too, but answer in words of its own. */
    if (request->headers.host.data == NULL && text_is(text_from(version), "HTTP/1.1"))
        return reject(exchange, 400, "The Host header is missing");
    if (size > HEAD_LIMIT)
        return reject(exchange, 431, "The header fields are too large");
    if (request->match.route != NULL && request->match.route->streams != NULL)
        return begin_stream(exchange);
    if (declared_length(exchange->mhd) > DISCARD_LIMIT + exchanges->options->config->max_body_size)
        return reject(exchange, 413, "The request body is too large");
    return MHD_YES;
}

/* A body that is too large is read to its end, within bounds, so that the client gets to hear why;
 * one that goes on beyond them is cut off. */
static enum MHD_Result receive_body(struct exchange *exchange, const char *data, size_t *size)
{
    struct request *request = &exchange->request;
    exchange->received += *size;
    buffer_add(&request->body, data, *size);
    *size = 0;
    request->too_large = request->too_large || buffer_overflowed(&request->body);
    uint64_t limit = DISCARD_LIMIT + (uint64_t)exchange->exchanges->options->config->max_body_size;
    return exchange->received > limit ? MHD_NO : MHD_YES;
}

/* What comes after the answer was made is discarded, within bounds. */
static enum MHD_Result receive_piece(struct exchange *exchange, const char *data, size_t *size)
{
    if (exchange->state == EXCHANGE_ANSWERED) {
        exchange->received += *size;
        *size = 0;
        return exchange->received > DISCARD_LIMIT ? MHD_NO : MHD_YES;
    }
    connections_enter(&exchange->exchanges->connections, exchange->connection, CONNECTION_READING);
    size_t taken = *size < BODY_STREAM_PIECE ? *size : BODY_STREAM_PIECE;
    if (!body_stream_is_full(&exchange->stream)) {
        body_stream_add(&exchange->stream, data, taken);
        *size -= taken;
    }
    if (exchange->state == EXCHANGE_STREAMING && body_stream_is_full(&exchange->stream)) {
        exchange->state = EXCHANGE_PAUSED;
        park_after_run(exchange);
    }
    return MHD_YES;
}

static enum MHD_Result finish_stream(struct exchange *exchange)
{
    bool paused = exchange->state == EXCHANGE_PAUSED; /* then it is among the parking already */
    exchange->state = EXCHANGE_RUNNING;
    body_stream_end(&exchange->stream, 0);
    if (!paused)
        park_after_run(exchange);
    return MHD_YES;
}

/* From the complete request to its answer. */

static void exchange_free(struct exchange *exchange)
{
    if (exchange->has_head)
        exchange_delist(exchange);
    if (exchange->request.reply.has_file)
        close(exchange->request.reply.descriptor);
    /* The exchange lives in its own arena. */
    struct arena arena = exchange->request.arena;
    arena_release(&arena);
}

static void request_fiber(void *argument)
{
    struct exchange *exchange = argument;
    exchange->fiber = fiber_current();
    exchange->request.log.fiber = fiber_number(exchange->fiber);
    log_set_context(&exchange->request.log);
    dispatch_run(exchange->exchanges->options->dispatch, &exchange->request);
    log_set_context(NULL);
    exchange->fiber = NULL;
    enum exchange_state before = exchange->state;
    exchange->state = EXCHANGE_ANSWERED;
    if (exchange->gone)
        exchange_free(exchange);
    else if (before == EXCHANGE_SUSPENDED || before == EXCHANGE_PAUSED ||
             (before == EXCHANGE_HELD && exchange->was_held))
        resume(exchange);
}

static enum MHD_Result run_request(struct exchange *exchange)
{
    connections_enter(&exchange->exchanges->connections, exchange->connection, CONNECTION_BUSY);
    exchange->state = EXCHANGE_RUNNING;
    fiber_start(request_fiber, exchange);
    if (exchange->state == EXCHANGE_ANSWERED)
        return answer(exchange);
    park_after_run(exchange);
    return MHD_YES;
}

void exchanges_suspend_parked(struct exchanges *exchanges)
{
    struct exchange *exchange = exchanges->parking;
    exchanges->parking = NULL;
    for (; exchange != NULL; exchange = exchange->next_parking) {
        if (exchange->gone)
            continue;
        if (exchange->state != EXCHANGE_PAUSED)
            exchange->state = EXCHANGE_SUSPENDED;
        MHD_suspend_connection(exchange->mhd);
    }
}

enum MHD_Result exchange_continue(void *context, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request_context)
{
    (void)context;
    (void)mhd;
    (void)url;
    struct exchange *exchange = *request_context;
    if (!exchange->has_head)
        return receive_head(exchange, method, version);
    if (exchange->was_held) {
        exchange->was_held = false;
        return exchange->state == EXCHANGE_ANSWERED ? answer(exchange) : MHD_YES;
    }
    if (*size > 0)
        return is_streaming(exchange) ? receive_piece(exchange, data, size)
                                      : receive_body(exchange, data, size);
    switch (exchange->state) {
    case EXCHANGE_STREAMING:
    case EXCHANGE_PAUSED:
        return finish_stream(exchange);
    case EXCHANGE_READING:
        return run_request(exchange);
    case EXCHANGE_ANSWERED:
        return answer(exchange);
    default:
        return MHD_YES; /* not answered yet */
    }
}

void exchange_end(void *context, struct MHD_Connection *mhd, void **request_context,
                  enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)mhd;
    (void)code;
    struct exchange *exchange = *request_context;
    if (exchange == NULL)
        return;
    if (exchange->has_head)
        connections_enter(&exchange->exchanges->connections, exchange->connection, CONNECTION_IDLE);
    *request_context = NULL;
    if (exchange->fiber == NULL) {
        exchange_free(exchange);
        return;
    }
    exchange->gone = true;
    body_stream_end(&exchange->stream,
                    exchange->connection->expired ? ERROR_TIMEOUT : ERROR_CANCELLED);
}

void exchange_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
                         enum MHD_ConnectionNotificationCode code)
{
    struct exchanges *exchanges = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        connections_remove(&exchanges->connections, *socket_context);
        /* At its limit libmicrohttpd does not accept; it starts again in its next run. */
        exchanges->due = true;
    } else {
        int descriptor =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        struct connection *connection = connections_add(&exchanges->connections, descriptor);
        connection->peer = address_from_socket(
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
        *socket_context = connection;
    }
}

void exchanges_cancel(struct exchanges *exchanges)
{
    for (struct exchange *exchange = exchanges->first; exchange != NULL;
         exchange = exchange->next) {
        if (exchange->fiber != NULL)
            fiber_cancel(exchange->fiber);
    }
}
