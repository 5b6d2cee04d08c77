#include "http/http.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/memory.h"
#include "http/dispatch.h"
#include "http/listener.h"
#include "http/metrics.h"
#include "http/worker.h"

struct http {
    struct http_options options;
    struct dispatch dispatch;
    struct metrics *metrics;
    int port;
    unsigned started;
    struct worker *workers[];
};

/* As many open files as the system lets us have: each connection is one. */
static unsigned raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 1024;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > 1U << 24 ? 1U << 24 : (unsigned)limit.rlim_cur;
}

/* The connections of one loop: what was asked for, within what there are descriptors for. */
static unsigned connection_limit(const struct http_options *options)
{
    enum { RESERVED = 64 }; /* for the database, the log and the like */
    unsigned descriptors = raise_descriptor_limit();
    unsigned wanted = (unsigned)options->config->max_connections;
    unsigned possible = descriptors > 2 * RESERVED ? descriptors - RESERVED : RESERVED;
    unsigned total = wanted < possible ? wanted : possible;
    return total / options->loops + 1;
}

static int create_workers(struct http *http, const int *listeners, unsigned limit)
{
    for (unsigned i = 0; i < http->options.loops; i++) {
        struct worker_options options = {
            .http = http,
            .application = http->options.application,
            .dispatch = &http->dispatch,
            .metrics = http->metrics,
            .config = http->options.config,
            .lasting = http->options.lasting,
            .index = i,
            .connection_limit = limit,
            .listener = listeners[i],
        };
        int error = worker_create(&http->workers[i], &options);
        if (error < 0)
            return error;
    }
    return 0;
}

int http_create(struct http **ret_http, const struct http_options *options, struct arena *arena,
                struct text *ret_message)
{
    struct http *http = memory_allocate(sizeof *http + options->loops * sizeof(struct worker *));
    http->options = *options;
    int error = dispatch_prepare(&http->dispatch, options, arena, ret_message);
    if (error < 0) {
        free(http);
        return error;
    }
    http->metrics = metrics_create(http->dispatch.router, options->loops);
    unsigned limit = connection_limit(options);
    int *listeners = arena_allocate_zeroed(arena, options->loops * sizeof *listeners);
    http->port = listeners_open(options->config->host, (int)options->config->port, listeners,
                                options->loops, arena, ret_message);
    error = http->port < 0 ? http->port : create_workers(http, listeners, limit);
    if (error < 0) {
        if (ret_message->data == NULL)
            *ret_message = TEXT("cannot start the HTTP server");
        http_free(http);
        return error;
    }
    *ret_http = http;
    return 0;
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    for (unsigned i = 0; i < http->options.loops; i++)
        worker_free(http->workers[i]);
    metrics_free(http->metrics);
    dispatch_release(&http->dispatch);
    free(http);
}

int http_start(struct http *http)
{
    for (; http->started < http->options.loops; http->started++) {
        int error = worker_start(http->workers[http->started]);
        if (error < 0)
            return error;
    }
    return 0;
}

void http_drain(struct http *http, int64_t seconds)
{
    for (unsigned i = 0; i < http->started; i++)
        worker_drain(http->workers[i], seconds);
    for (unsigned i = 0; i < http->started; i++)
        worker_join(http->workers[i]);
}

int http_port(const struct http *http)
{
    return http->port;
}

const struct router *http_router(const struct http *http)
{
    return http->dispatch.router;
}

void http_write_metrics(const struct http *http, struct buffer *out)
{
    metrics_write(http->metrics, out);
    uint64_t connections = 0;
    for (unsigned i = 0; i < http->options.loops; i++)
        connections += worker_connections(http->workers[i]);
    buffer_format(out,
                  "# HELP http_connections Open connections.\n"
                  "# TYPE http_connections gauge\n"
                  "http_connections %ju\n",
                  (uintmax_t)connections);
}
