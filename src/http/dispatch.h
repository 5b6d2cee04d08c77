/*
 * dispatch.h: what happens to every request before and after its handler.
 *
 *   find the route ─> identify ─> limit ─> access ─> content type ─> decode ─> handler ─> headers
 *          │              │         │        │            │            │          │
 *          └ 404/405/307  └ 401     └ 429    └ 401/403    └ 415        └ 400/422  └ its answer
 *
 * The steps follow the request's row in the route table.
 */
#ifndef ERRAND_HTTP_DISPATCH_H
#define ERRAND_HTTP_DISPATCH_H

#include "http/http.h"

/* What dispatch works with; made by http_create. */
struct dispatch {
    struct router *router;
    struct limiter *limiter;
    struct limit_rule rules[RULE_COUNT];
    struct address_set *trusted_proxies;
    struct text cors_origins;
    bool strict_passwords;
    int (*identify)(struct request *request, struct text token, struct identity *ret_identity);
    bool (*share_limit)(struct request *request, const struct limit_key *key,
                        const struct limit_rule *rule, struct limit_verdict *ret_verdict);
    route_handler *run;
};

/* dispatch_prepare: sets the parts of `dispatch` that follow from the options. ERROR_INVALID with a
 * message for the user. */
int dispatch_prepare(struct dispatch *dispatch, const struct http_options *options,
                     struct arena *arena, struct text *ret_message);
void dispatch_release(struct dispatch *dispatch);

/* dispatch_begin: names the request and finds its route; for every request, before its body. */
void dispatch_begin(const struct dispatch *dispatch, struct request *request);

/* dispatch_run: answers the request. In a fiber. */
void dispatch_run(const struct dispatch *dispatch, struct request *request);

/* dispatch_reject: answers a request whose body will not be read. */
void dispatch_reject(const struct dispatch *dispatch, struct request *request, int status,
                     const char *message);

#endif
