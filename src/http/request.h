/*
 * request.h: one request, from its first line to its answer.
 *
 * A request and everything that belongs to it live in its arena and go with it once the answer has
 * been sent. It is used by its loop's thread only, and by the thread that a parked fiber waits for.
 */
#ifndef ERRAND_HTTP_REQUEST_H
#define ERRAND_HTTP_REQUEST_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/random.h"
#include "http/address.h"
#include "http/channel.h"
#include "http/route.h"
#include "schema/parameters.h"
#include "schema/problem.h"

struct body_digest;
struct body_stream;
struct http;
struct transaction_hook;

/* Who sent it, as the application recognised them. */
struct identity {
    int64_t user_id; /* 0: anonymous */
    bool is_admin;
    bool by_cookie; /* recognised by the session's cookie (http/session_cookie.h) */
    struct text username;
    /* Of the token, for what lasts longer than the request. */
    int64_t token_expires_at; /* seconds since 1970 */
    int64_t token_generation;
};

enum { REPLY_HEADERS_LIMIT = 24 };

struct reply_header {
    const char *name;
    const char *value;
};

/* reply_producer: adds the next part of an answer to `part`, in an arena that is released when the
 * part has been sent. Returns 1 when there is more, 0 after the last part, or an error, which
 * breaks the answer off. In a fiber of the request's loop. */
typedef int reply_producer(void *argument, struct buffer *part);

/* The answer under construction; see http/reply.h. */
struct reply {
    int status; /* 0: none yet */
    struct text body;
    reply_producer *produce; /* makes the body in place of `body`; NULL for none */
    void *produce_argument;
    channel_opened *opened; /* the connection becomes a channel; NULL for none */
    void *opened_argument;
    enum channel_kind channel;
    bool has_file; /* the body is `length` bytes of the descriptor, from `offset` */
    int descriptor;
    uint64_t offset;
    uint64_t length;
    struct reply_header headers[REPLY_HEADERS_LIMIT];
    size_t header_count;
};

/* The headers that the server itself reads; null text where absent. */
struct request_headers {
    struct text authorization;
    struct text content_type;
    struct text origin;
    struct text forwarded_for;
    struct text request_id;
    struct text if_match;
    struct text if_none_match;
    struct text accept;
    struct text accept_encoding;
    struct text idempotency_key;
    struct text range;
    struct text if_range;
    struct text expect;
    struct text preflight_method; /* Access-Control-Request-Method */
    struct text host;
    struct text cookie;
    struct text fetch_site;     /* Sec-Fetch-Site */
    struct text requested_with; /* X-Requested-With */
    struct text upgrade;
    struct text forwarded_scheme; /* X-Forwarded-Proto */
    struct text connection;
    struct text websocket_key; /* Sec-WebSocket-Key, and so on */
    struct text websocket_version;
    struct text websocket_protocol;
    struct text last_event_id;
};

struct request {
    struct arena arena;
    struct http *http;
    void *application; /* what http_options.application is */

    struct text method_name;
    bool is_http_1_0;
    struct text path; /* as it came, without the query */
    struct text query_string;
    struct request_headers headers;
    struct address address; /* of the client */
    bool is_secure;         /* the client speaks TLS, with a trusted proxy */
    struct text id;
    int64_t started; /* clock_monotonic() when the head was complete */

    struct buffer body;
    struct body_stream *stream; /* of a route that streams; see http/body_stream.h */
    struct body_digest *digest; /* of what is read from it; NULL when nobody asks */
    bool too_large;

    struct route_match match;
    struct identity identity;
    struct problems problems;
    int64_t path_ids[ROUTE_PARAMETERS_LIMIT]; /* the integers among match.parameters */

    /* What the route's schemas decoded, and which of their fields were given. */
    void *query;
    uint64_t query_given;
    void *value;
    uint64_t value_given;

    /* How the answer is made once the change is; see reply_when_done. */
    int (*render)(struct request *request, const void *argument);
    const void *render_argument;
    struct transaction_hook *hook; /* the application's, for actors; NULL for none */

    struct reply reply;
    struct log_context log;
    char id_storage[UUID_SIZE];
};

#endif
