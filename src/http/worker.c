/*
 * worker.c: between libmicrohttpd and the fibers.
 *
 * exchange.c has the requests; this has the loop and the daemon. The daemon's own epoll descriptor
 * is watched by the loop. libmicrohttpd is run when that is readable, when a connection was
 * resumed, and when it says that it has more to do.
 */
#include "http/worker.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/exchange.h"

enum {
    CONNECTION_MEMORY = 16384,   /* libmicrohttpd's, for a request's head and the answer's */
    SWEEP_INTERVAL = 250 * 1000, /* microseconds between two looks at timeouts and ends */
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
    struct exchanges exchanges;
};

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
    CONTAINER_OF(watch, struct worker, watch)->exchanges.due = true;
}

static void finish_drain(struct worker *worker)
{
    if (worker->drain_deadline == 0)
        return;
    const struct http_lasting *lasting = worker->options.lasting;
    if (worker->exchanges.first == NULL && worker->exchanges.websockets.count == 0 &&
        (lasting == NULL || !lasting->is_busy(worker->options.application)))
        loop_stop(worker->loop);
}

static int64_t run_daemon(struct loop_hook *hook)
{
    struct worker *worker = CONTAINER_OF(hook, struct worker, hook);
    if (worker->exchanges.due) {
        worker->exchanges.due = false;
        MHD_run(worker->daemon);
        exchanges_suspend_parked(&worker->exchanges);
    }
    websockets_settle(&worker->exchanges.websockets);
    atomic_store_explicit(&worker->exchanges.connection_count,
                          worker->exchanges.connections.count + worker->exchanges.websockets.count,
                          memory_order_relaxed);
    finish_drain(worker);
    MHD_UNSIGNED_LONG_LONG milliseconds;
    if (MHD_get_timeout(worker->daemon, &milliseconds) != MHD_YES)
        return worker->exchanges.due ? 0 : LOOP_FOREVER;
    worker->exchanges.due = worker->exchanges.due || milliseconds == 0;
    if (worker->exchanges.due)
        return 0;
    return milliseconds > 60000 ? CLOCK_MINUTE : (int64_t)milliseconds * CLOCK_MILLISECOND;
}

static void sweep(struct loop_timer *timer)
{
    struct worker *worker = CONTAINER_OF(timer, struct worker, sweep);
    int64_t now = clock_monotonic();
    connections_expire(&worker->exchanges.connections, now);
    connections_notice_ends(&worker->exchanges.connections, now, SWEEP_INTERVAL);
    websockets_sweep(&worker->exchanges.websockets, now);
    if (worker->drain_deadline != 0 && now >= worker->drain_deadline) {
        exchanges_cancel(&worker->exchanges);
        websockets_abort(&worker->exchanges.websockets);
        for (enum connection_state state = 0; state < CONNECTION_STATES; state++)
            connections_shut_down(&worker->exchanges.connections, state);
    }
    loop_timer_start(worker->loop, &worker->sweep, now + SWEEP_INTERVAL);
}

static void begin_drain(struct loop_post *post)
{
    struct worker *worker = CONTAINER_OF(post, struct worker, drain);
    MHD_socket listener = MHD_quiesce_daemon(worker->daemon);
    if (listener != MHD_INVALID_SOCKET)
        close(listener);
    worker->exchanges.draining = true;
    if (worker->options.lasting != NULL)
        worker->options.lasting->drain(worker->options.application);
    worker->drain_deadline = clock_monotonic() + worker->drain_seconds * CLOCK_SECOND;
    connections_shut_down(&worker->exchanges.connections, CONNECTION_IDLE);
    worker->exchanges.due = true;
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

/* WebSockets are connections too, which libmicrohttpd does not know of. */
static enum MHD_Result accept_client(void *context, const struct sockaddr *address,
                                     socklen_t length)
{
    (void)address;
    (void)length;
    const struct worker *worker = context;
    uint64_t count = worker->exchanges.connections.count + worker->exchanges.websockets.count;
    return count < worker->options.connection_limit ? MHD_YES : MHD_NO;
}

static struct MHD_Daemon *start_daemon(struct worker *worker, int64_t timeout)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_UPGRADE | MHD_USE_ERROR_LOG | MHD_USE_TURBO,
                            0, accept_client, worker, exchange_continue, &worker->exchanges, /* */
                            MHD_OPTION_EXTERNAL_LOGGER, log_message, worker,                 /* */
                            MHD_OPTION_LISTEN_SOCKET, worker->options.listener,              /* */
                            MHD_OPTION_CONNECTION_LIMIT, worker->options.connection_limit,   /* */
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,   /* */
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)timeout,                /* */
                            MHD_OPTION_NOTIFY_COMPLETED, exchange_end, &worker->exchanges,   /* */
                            MHD_OPTION_NOTIFY_CONNECTION, exchange_connection,
                            &worker->exchanges,                                              /* */
                            MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, &worker->exchanges, /* */
                            MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, worker,              /* */
                            MHD_OPTION_END);
}

int worker_create(struct worker **ret_worker, const struct worker_options *options)
{
    struct worker *worker = memory_allocate(sizeof *worker);
    const struct config *config = options->config;
    worker->options = *options;
    worker->exchanges.options = &worker->options;
    worker->exchanges.connections.timeouts[CONNECTION_IDLE] = config->idle_timeout * CLOCK_SECOND;
    worker->exchanges.connections.timeouts[CONNECTION_READING] =
        config->request_timeout * CLOCK_SECOND;
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
    worker->exchanges.websockets.loop = worker->loop;
    worker->exchanges.websockets.ping_interval = config->live_ping * CLOCK_SECOND;
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
    return atomic_load_explicit(&worker->exchanges.connection_count, memory_order_relaxed);
}
