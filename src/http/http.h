/*
 * http.h: the server.
 *
 * One libmicrohttpd daemon a loop, each on a listener of its own (SO_REUSEPORT), all polled from
 * the loop. See exchange.c and worker.c for how a request gets from the daemon into a fiber and
 * back.
 */
#ifndef ERRAND_HTTP_HTTP_H
#define ERRAND_HTTP_HTTP_H

#include "base/arena.h"
#include "base/config.h"
#include "http/limit.h"
#include "http/request.h"
#include "http/route.h"

enum http_rule { RULE_ANONYMOUS, RULE_USER, RULE_LOGIN, RULE_REGISTER, RULE_UPLOAD, RULE_COUNT };

/* What an application keeps in the loops beyond requests; both are called in each loop's thread. */
struct http_lasting {
    void (*drain)(void *application);   /* the loop begins to drain: channels are to be closed */
    bool (*is_busy)(void *application); /* whether the loop still has work of the application's */
};

struct http_options {
    const struct config *config;
    const struct route_table *const *tables;
    size_t table_count;
    unsigned surfaces; /* SURFACE_BIT()s */
    unsigned loops;
    void *application; /* request->application */
    /* identify: who has this bearer token; ERROR_UNAUTHORIZED for nobody. In the request's fiber.
     */
    int (*identify)(struct request *request, struct text token, struct identity *ret_identity);
    /* share_limit: counts the request together with those of other servers; false when that cannot
     * be done now, and it is to be counted here. NULL where there are no others. In the request's
     * fiber. */
    bool (*share_limit)(struct request *request, const struct limit_key *key,
                        const struct limit_rule *rule, struct limit_verdict *ret_verdict);
    const struct http_lasting *lasting; /* NULL for none */
    /* run: runs the handler of the request's route. */
    route_handler *run;
};

/* http_create: binds the address, but does not serve yet. ERROR_INVALID or ERROR_IO with a message
 * for the user. */
int http_create(struct http **ret_http, const struct http_options *options, struct arena *arena,
                struct text *ret_message);
void http_free(struct http *http);

/* http_start: starts the loops' threads. ERROR_IO. */
int http_start(struct http *http);

/* http_drain: stops accepting, closes idle connections, lets requests in flight finish for at most
 * `seconds`, and ends the loops. */
void http_drain(struct http *http, int64_t seconds);

/* http_port: the port that it listens on. */
int http_port(const struct http *http);

const struct router *http_router(const struct http *http);

/* http_write_metrics: what the server has counted, in the Prometheus text format. Any thread. */
void http_write_metrics(const struct http *http, struct buffer *out);

#endif
