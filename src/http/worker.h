/*
 * worker.h: one loop of the server with its libmicrohttpd daemon. Only http.c uses it.
 */
#ifndef ERRAND_HTTP_WORKER_H
#define ERRAND_HTTP_WORKER_H

#include "http/dispatch.h"
#include "http/http.h"
#include "http/metrics.h"
#include "runtime/loop.h"

struct worker;

struct worker_options {
    struct http *http;
    void *application;
    const struct dispatch *dispatch;
    struct metrics *metrics;
    const struct config *config;
    const struct http_lasting *lasting;
    unsigned index;
    unsigned connection_limit;
    int listener; /* the worker closes it */
};

/* worker_create: a loop and a daemon that will accept from the listener. ERROR_IO. */
int worker_create(struct worker **ret_worker, const struct worker_options *options);
void worker_free(struct worker *worker);

/* worker_start: starts the worker's thread. ERROR_IO. worker_join: waits for its end. */
int worker_start(struct worker *worker);
void worker_join(struct worker *worker);

/* worker_drain: see http_drain; returns at once. Any thread, once. */
void worker_drain(struct worker *worker, int64_t seconds);

/* worker_connections: how many are open. Any thread. */
uint64_t worker_connections(const struct worker *worker);

#endif
