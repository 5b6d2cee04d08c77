/*
 * route.h: an endpoint is one row.
 *
 * The row says everything about it but what it does: method, path, who may call it, how often,
 * what it takes, what it answers. Dispatch (http/dispatch.h) enforces the row before the handler
 * runs, so a handler checks nothing that a row can say; the OpenAPI document (http/openapi.h) is
 * written from the same rows. To add an endpoint: a row in a table of src/api and its function.
 *
 * A path is relative to the prefix of each surface it is served on: "/tasks/{task_id}" on the
 * surfaces v1 and classic is /api/v1/tasks/{task_id} and /tasks/{task_id}. A part in braces is a
 * parameter, an integer unless it says {name:text}.
 */
#ifndef ERRAND_HTTP_ROUTE_H
#define ERRAND_HTTP_ROUTE_H

#include "http/method.h"
#include "http/surface.h"
#include "schema/decode.h"
#include "schema/field.h"

struct config;
struct request;

/* route_handler: answers the request through http/reply.h and returns 0, or returns a negative
 * error, which dispatch turns into an answer. Runs in a fiber of the request's loop. */
typedef int route_handler(struct request *request);

enum route_access {
    ACCESS_PUBLIC, /* anybody; a token that is sent must be good all the same */
    ACCESS_USER,
    ACCESS_ADMIN,
};

enum route_limit {
    LIMIT_GENERAL, /* the limit of the user, or of the address */
    LIMIT_LOGIN,   /* that, and the limit of sign-ins of the address and `limit_key` */
    LIMIT_REGISTER,
    LIMIT_UPLOAD,
    LIMIT_NONE,
};

enum { ROUTE_PARAMETERS_LIMIT = 3, ROUTE_ANSWERS_LIMIT = 4 };

struct route_answer {
    int status;
    const char *description;
    const struct schema *schema; /* NULL for no body or one that is no JSON */
    const char *content_type;    /* NULL for application/json */
};

struct route {
    enum method method;
    const char *path;
    unsigned surfaces; /* SURFACE_BIT()s */
    enum route_access access;
    enum route_limit limit;
    struct text (*limit_key)(const struct request *request); /* for LIMIT_LOGIN */
    /* Where the handler reads the body as it arrives (http/body_stream.h): how many bytes it may
     * have. NULL elsewhere. */
    uint64_t (*streams)(const struct config *config);
    bool takes_token_anywhere; /* browsers open it and can set no header: see http/credentials.h */
    bool never_kept;           /* an Idempotency-Key has no effect: nothing is changed */
    bool answers_list;         /* the first answer is a JSON list of what its schema describes */
    bool conditional;          /* heeds If-Match or If-None-Match */
    bool may_conflict;         /* may be refused because of other rows: 409 */
    bool may_forbid;           /* may be refused to this user, beside what `access` says: 403 */
    bool calls_others;         /* needs another server, which may fail: 502, 503, 504 */
    bool internal;             /* no part of the API: not in the OpenAPI document */
    const char *resource;      /* for "Task not found"; NULL where nothing can be missing */
    const struct schema *query;
    const struct body *body;
    struct route_answer answers[ROUTE_ANSWERS_LIMIT]; /* the first is the usual one */
    const char *summary;
    const char *tag; /* the group it stands in */
    route_handler *handler;
};

/* A table of routes. */
struct route_table {
    const struct route *routes;
    size_t count;
};
#define ROUTE_TABLE(array)                                                                         \
    {                                                                                              \
        (array), sizeof(array) / sizeof((array)[0])                                                \
    }

/* What a path leads to. */
struct router;
struct route_match {
    const struct route *route; /* NULL when the path or the method is unknown */
    enum surface surface;
    size_t index;     /* of the route on its surface, for counters */
    unsigned methods; /* bit for each enum method the path has; 0: unknown path */
    struct text parameters[ROUTE_PARAMETERS_LIMIT]; /* decoded */
};

/* router_create: knows the rows of all tables on the surfaces in `surfaces` (SURFACE_BIT()s). */
struct router *router_create(const struct route_table *const *tables, size_t count,
                             unsigned surfaces);
void router_free(struct router *router);

/* router_find: where `method` on `path` (as it came, still percent-encoded) leads. Decoded texts
 * live in `arena`. Any thread. */
void router_find(const struct router *router, struct arena *arena, enum method method,
                 struct text path, struct route_match *ret_match);

/* router_count: how many routes there are, counted once for each surface; router_route: the one at
 * `index` and its surface. */
size_t router_count(const struct router *router);
const struct route *router_route(const struct router *router, size_t index,
                                 enum surface *ret_surface);

/* route_keeps_answers: whether an Idempotency-Key has an effect there. */
bool route_keeps_answers(const struct route *route);

/* route_parameter_name: the name of the nth parameter of a path; the null text beyond the last.
 * `*ret_is_text` tells its kind. */
struct text route_parameter_name(const struct route *route, size_t number, bool *ret_is_text);

#endif
