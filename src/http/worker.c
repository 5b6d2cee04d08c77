/*
 * worker.c: between libmicrohttpd and the fibers.
 *
 * libmicrohttpd calls, for each request: received_uri when its first line is there; on_request once
 * for the complete head, again for each piece of the body, and once more at its end; on_completed
 * when the answer has been sent or the connection is gone. At the end of the body the request gets
 * a fiber:
 *
 *   handler never waits    the fiber ends inside on_request, which queues the answer right there
 *   handler parks          the connection is suspended; when the fiber ends it is resumed, and
 *                          libmicrohttpd calls on_request again, which queues the answer
 *
 * A connection is not suspended inside on_request but right after that run of libmicrohttpd, when
 * it has noted that the request is complete: suspended earlier, it would on resumption first try to
 * read more, and give up a client that has closed its sending side and waits for the answer.
 *
 * The daemon's own epoll descriptor is watched by the loop. libmicrohttpd is run when that is
 * readable, when a connection was resumed, and when it says that it has more to do.
 */
#include "http/worker.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/connection.h"
#include "http/reply.h"
#include "runtime/fiber.h"

enum {
    CONNECTION_MEMORY = 16384,   /* libmicrohttpd's, for a request's head and the answer's */
    HEAD_LIMIT = 8192,           /* bytes of header fields */
    DISCARD_LIMIT = 16 << 20,    /* bytes of a body too large that are read before the answer */
    SWEEP_INTERVAL = 250 * 1000, /* microseconds between two looks at the timeouts */
};

struct worker {
    struct worker_options options;
    struct loop *loop;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    struct loop_watch watch;
    struct loop_hook hook;
    struct loop_timer sweep;
    struct loop_post drain;
    int64_t drain_seconds;
    int64_t drain_deadline; /* clock_monotonic(); 0 while serving */
    struct connections connections;
    struct exchange *exchanges; /* requests that are being answered */
    struct exchange *parking;   /* those to be suspended after this run, by `next_parking` */
    _Atomic uint64_t connection_count;
    bool due; /* libmicrohttpd has something to do */
};

enum exchange_state {
    EXCHANGE_READING,   /* the body is not complete */
    EXCHANGE_RUNNING,   /* its fiber runs inside on_request */
    EXCHANGE_SUSPENDED, /* its fiber is parked, and so is the connection */
    EXCHANGE_ANSWERED,  /* the answer is made */
};

/* A request and what belongs to its transport. */
struct exchange {
    struct request request;
    struct worker *worker;
    struct MHD_Connection *mhd;
    struct connection *connection;
    struct fiber *fiber;
    struct exchange *previous;
    struct exchange *next;
    struct exchange *next_parking;
    enum exchange_state state;
    uint64_t received; /* bytes of the body */
    bool has_head;
};

#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* The list of exchanges whose head is complete. */

static void exchange_enlist(struct exchange *exchange)
{
    struct worker *worker = exchange->worker;
    exchange->next = worker->exchanges;
    if (exchange->next != NULL)
        exchange->next->previous = exchange;
    worker->exchanges = exchange;
}

static void exchange_delist(struct exchange *exchange)
{
    if (exchange->previous != NULL)
        exchange->previous->next = exchange->next;
    else
        exchange->worker->exchanges = exchange->next;
    if (exchange->next != NULL)
        exchange->next->previous = exchange->previous;
}

/* From the first line to the head. */

static void *received_uri(void *context, const char *uri, struct MHD_Connection *mhd)
{
    struct worker *worker = context;
    struct arena arena;
    arena_init(&arena);
    struct exchange *exchange = arena_allocate_zeroed(&arena, sizeof *exchange);
    struct text target = arena_copy(&arena, text_from(uri));
    struct request *request = &exchange->request;
    text_split(&target, '?', &request->path);
    request->query_string = target;
    request->http = worker->options.http;
    request->application = worker->options.application;
    request->arena = arena;
    exchange->worker = worker;
    exchange->mhd = mhd;
    exchange->connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    return exchange;
}

static const struct {
    struct text name;
    size_t offset; /* in struct request_headers */
} known_headers[] = {
#define KNOWN_HEADER(name, member)                                                                 \
    {                                                                                              \
        {name, sizeof name - 1}, offsetof(struct request_headers, member)                          \
    }
    KNOWN_HEADER("Authorization", authorization),
    KNOWN_HEADER("Content-Type", content_type),
    KNOWN_HEADER("Origin", origin),
    KNOWN_HEADER("X-Forwarded-For", forwarded_for),
    KNOWN_HEADER("X-Request-ID", request_id),
    KNOWN_HEADER("If-Match", if_match),
    KNOWN_HEADER("If-None-Match", if_none_match),
    KNOWN_HEADER("Accept", accept),
    KNOWN_HEADER("Access-Control-Request-Method", preflight_method),
#undef KNOWN_HEADER
};

struct head {
    struct request_headers *headers;
    size_t size;
};

static enum MHD_Result received_header(void *context, enum MHD_ValueKind kind, const char *key,
                                       size_t key_size, const char *value, size_t value_size)
{
    (void)kind;
    struct head *head = context;
    head->size += key_size + value_size + 4;
    struct text name = {key, key_size};
    for (size_t i = 0; i < sizeof known_headers / sizeof known_headers[0]; i++) {
        if (known_headers[i].name.length != key_size ||
            !text_equal_ignoring_case(known_headers[i].name, name))
            continue;
        struct text *member = (struct text *)((char *)head->headers + known_headers[i].offset);
        *member = (struct text){value, value_size};
        break;
    }
    return MHD_YES;
}

static enum MHD_Result queue_answer(struct exchange *exchange)
{
    struct reply *reply = &exchange->request.reply;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->body.length, (void *)reply->body.data, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    for (size_t i = 0; i < reply->header_count; i++)
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    if (exchange->worker->drain_deadline != 0)
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
    metrics_count(exchange->worker->options.metrics, exchange->worker->options.index,
                  &request->match, request->reply.status, duration);
}

static enum MHD_Result answer(struct exchange *exchange)
{
    exchange->state = EXCHANGE_ANSWERED;
    connections_enter(&exchange->worker->connections, exchange->connection, CONNECTION_BUSY);
    account_for(exchange);
    return queue_answer(exchange);
}

static enum MHD_Result reject(struct exchange *exchange, int status, const char *message)
{
    dispatch_reject(exchange->worker->options.dispatch, &exchange->request, status, message);
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

static enum MHD_Result receive_head(struct exchange *exchange, const char *method)
{
    struct worker *worker = exchange->worker;
    struct request *request = &exchange->request;
    struct head head = {.headers = &request->headers};
    exchange->has_head = true;
    exchange_enlist(exchange);
    connections_enter(&worker->connections, exchange->connection, CONNECTION_READING);
    request->started = clock_monotonic();
    request->method_name = arena_copy(&request->arena, text_from(method));
    MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND, received_header, &head);
    request->address =
        address_of_client(&exchange->connection->peer, request->headers.forwarded_for,
                          worker->options.dispatch->trusted_proxies);
    dispatch_begin(worker->options.dispatch, request);
    buffer_init(&request->body, &request->arena, (size_t)worker->options.config->max_body_size);
    if (head.size > HEAD_LIMIT)
        return reject(exchange, 431, "The header fields are too large");
    if (declared_length(exchange->mhd) > DISCARD_LIMIT + worker->options.config->max_body_size)
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
    uint64_t limit = DISCARD_LIMIT + (uint64_t)exchange->worker->options.config->max_body_size;
    return exchange->received > limit ? MHD_NO : MHD_YES;
}

/* From the complete request to its answer. */

static void request_fiber(void *argument)
{
    struct exchange *exchange = argument;
    exchange->fiber = fiber_current();
    exchange->request.log.fiber = fiber_number(exchange->fiber);
    log_set_context(&exchange->request.log);
    dispatch_run(exchange->worker->options.dispatch, &exchange->request);
    log_set_context(NULL);
    exchange->fiber = NULL;
    if (exchange->state == EXCHANGE_SUSPENDED) {
        MHD_resume_connection(exchange->mhd);
        exchange->worker->due = true;
    }
    exchange->state = EXCHANGE_ANSWERED;
}

static enum MHD_Result run_request(struct exchange *exchange)
{
    connections_enter(&exchange->worker->connections, exchange->connection, CONNECTION_BUSY);
    exchange->state = EXCHANGE_RUNNING;
    fiber_start(request_fiber, exchange);
    if (exchange->state == EXCHANGE_ANSWERED)
        return answer(exchange);
    exchange->next_parking = exchange->worker->parking;
    exchange->worker->parking = exchange;
    return MHD_YES;
}

static void suspend_parking(struct worker *worker)
{
    struct exchange *exchange = worker->parking;
    worker->parking = NULL;
    for (; exchange != NULL; exchange = exchange->next_parking) {
        exchange->state = EXCHANGE_SUSPENDED;
        MHD_suspend_connection(exchange->mhd);
    }
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request_context)
{
    (void)context;
    (void)mhd;
    (void)url;
    (void)version;
    struct exchange *exchange = *request_context;
    if (!exchange->has_head)
        return receive_head(exchange, method);
    if (*size > 0)
        return receive_body(exchange, data, size);
    switch (exchange->state) {
    case EXCHANGE_READING:
        return run_request(exchange);
    case EXCHANGE_ANSWERED:
        return answer(exchange);
    default:
        return MHD_YES; /* not answered yet */
    }
}

static void on_completed(void *context, struct MHD_Connection *mhd, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)mhd;
    (void)code;
    struct exchange *exchange = *request_context;
    if (exchange == NULL)
        return;
    if (exchange->has_head) {
        exchange_delist(exchange);
        connections_enter(&exchange->worker->connections, exchange->connection, CONNECTION_IDLE);
    }
    *request_context = NULL;
    /* The exchange lives in its own arena. */
    struct arena arena = exchange->request.arena;
    arena_release(&arena);
}

static void on_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct worker *worker = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        connections_remove(&worker->connections, *socket_context);
        /* At its limit libmicrohttpd does not accept; it starts again in its next run. */
        worker->due = true;
    } else {
        int descriptor =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        struct connection *connection = connections_add(&worker->connections, descriptor);
        connection->peer = address_from_socket(
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
        *socket_context = connection;
    }
    atomic_store_explicit(&worker->connection_count, worker->connections.count,
                          memory_order_relaxed);
}

/* The router decodes paths and the schemas decode queries: libmicrohttpd leaves them as they are.
 */
static size_t keep_escapes(void *context, struct MHD_Connection *mhd, char *string)
{
    (void)context;
    (void)mhd;
    return strlen(string);
}

__attribute__((format(printf, 2, 0))) static void log_message(void *context, const char *format,
                                                              va_list arguments)
{
    (void)context;
    char message[512];
    vsnprintf(message, sizeof message, format, arguments);
    log_debug("libmicrohttpd: %s", message);
}

/* The loop's side. */

static void daemon_ready(struct loop_watch *watch, uint32_t events)
{
    (void)events;
    CONTAINER_OF(watch, struct worker, watch)->due = true;
}

static void finish_drain(struct worker *worker)
{
    if (worker->drain_deadline == 0)
        return;
    if (worker->exchanges == NULL)
        loop_stop(worker->loop);
}

static int64_t run_daemon(struct loop_hook *hook)
{
    struct worker *worker = CONTAINER_OF(hook, struct worker, hook);
    if (worker->due) {
        worker->due = false;
        MHD_run(worker->daemon);
        suspend_parking(worker);
    }
    finish_drain(worker);
    MHD_UNSIGNED_LONG_LONG milliseconds;
    if (MHD_get_timeout(worker->daemon, &milliseconds) != MHD_YES)
        return worker->due ? 0 : LOOP_FOREVER;
    worker->due = worker->due || milliseconds == 0;
    if (worker->due)
        return 0;
    return milliseconds > 60000 ? CLOCK_MINUTE : (int64_t)milliseconds * CLOCK_MILLISECOND;
}

static void sweep(struct loop_timer *timer)
{
    struct worker *worker = CONTAINER_OF(timer, struct worker, sweep);
    int64_t now = clock_monotonic();
    connections_expire(&worker->connections, now);
    if (worker->drain_deadline != 0 && now >= worker->drain_deadline) {
        struct exchange *exchange = worker->exchanges;
        for (; exchange != NULL; exchange = exchange->next) {
            if (exchange->fiber != NULL)
                fiber_cancel(exchange->fiber);
        }
        for (enum connection_state state = 0; state < CONNECTION_STATES; state++)
            connections_shut_down(&worker->connections, state);
    }
    loop_timer_start(worker->loop, &worker->sweep, now + SWEEP_INTERVAL);
}

static void begin_drain(struct loop_post *post)
{
    struct worker *worker = CONTAINER_OF(post, struct worker, drain);
    MHD_socket listener = MHD_quiesce_daemon(worker->daemon);
    if (listener != MHD_INVALID_SOCKET)
        close(listener);
    worker->drain_deadline = clock_monotonic() + worker->drain_seconds * CLOCK_SECOND;
    connections_shut_down(&worker->connections, CONNECTION_IDLE);
    worker->due = true;
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    loop_hook_add(worker->loop, &worker->hook);
    loop_watch_start(worker->loop, &worker->watch, EPOLLIN);
    loop_timer_start(worker->loop, &worker->sweep, clock_monotonic() + SWEEP_INTERVAL);
    loop_run(worker->loop);
    MHD_stop_daemon(worker->daemon);
    return NULL;
}

static struct MHD_Daemon *start_daemon(struct worker *worker, int64_t timeout)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                                MHD_USE_TURBO,
                            0, NULL, NULL, on_request, worker,                             /* */
                            MHD_OPTION_EXTERNAL_LOGGER, log_message, worker,               /* */
                            MHD_OPTION_LISTEN_SOCKET, worker->options.listener,            /* */
                            MHD_OPTION_CONNECTION_LIMIT, worker->options.connection_limit, /* */
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, /* */
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)timeout,              /* */
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, worker,             /* */
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, worker,           /* */
                            MHD_OPTION_URI_LOG_CALLBACK, received_uri, worker,             /* */
                            MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, worker,            /* */
                            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

int worker_create(struct worker **ret_worker, const struct worker_options *options)
{
    struct worker *worker = memory_allocate(sizeof *worker);
    const struct config *config = options->config;
    worker->options = *options;
    worker->connections.timeouts[CONNECTION_IDLE] = config->idle_timeout * CLOCK_SECOND;
    worker->connections.timeouts[CONNECTION_READING] = config->request_timeout * CLOCK_SECOND;
    /* libmicrohttpd's own timeout, from the last activity, ends the sending to a stuck client. */
    int64_t longest = config->idle_timeout > config->request_timeout ? config->idle_timeout
                                                                     : config->request_timeout;
    worker->daemon = start_daemon(worker, longest);
    if (worker->daemon == NULL)
        close(options->listener);
    if (worker->daemon == NULL || loop_create(&worker->loop, options->index) < 0) {
        if (worker->daemon != NULL)
            MHD_stop_daemon(worker->daemon);
        free(worker);
        return ERROR_IO;
    }
    int epoll = MHD_get_daemon_info(worker->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    worker->watch = (struct loop_watch){epoll, daemon_ready};
    worker->hook.run = run_daemon;
    worker->sweep.expired = sweep;
    worker->drain.run = begin_drain;
    *ret_worker = worker;
    return 0;
}

void worker_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    loop_free(worker->loop);
    free(worker);
}

int worker_start(struct worker *worker)
{
    if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0)
        return ERROR_IO;
    pthread_setname_np(worker->thread, "errand-loop");
    return 0;
}

void worker_join(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
}

void worker_drain(struct worker *worker, int64_t seconds)
{
    worker->drain_seconds = seconds;
    loop_post(worker->loop, &worker->drain);
}

uint64_t worker_connections(const struct worker *worker)
{
    return atomic_load_explicit(&worker->connection_count, memory_order_relaxed);
}
