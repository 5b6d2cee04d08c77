/*
 * net.h: requests to other servers, over libcurl.
 *
 * net_fetch sends one request and returns with the whole answer. In a fiber it parks, and the
 * transfer goes on among the loop's own watches and timers (net/multi.h); outside one (a thread of
 * a pool, the command line) it blocks. Connections are kept and used again, by each loop and by
 * the blocking callers.
 *
 * What is sent is what the caller gives, a User-Agent, and an Accept for anything. Only http and
 * https are spoken, as HTTP/1.1. Redirects are not followed, there are no cookies, certificates are
 * checked against the system's, and no proxy is used: http_proxy and the like in the environment
 * mean nothing here, because what a server does should depend on its options alone.
 *
 * A file that is sent or written to is read and written by the thread that works on the transfer,
 * which in a fiber is the loop's: meant for files that the page cache holds.
 */
#ifndef ERRAND_NET_NET_H
#define ERRAND_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct net;

/* net_create: for a program with `loops` loops, indexed from 0. Takes memory and sockets when they
 * are first needed. Before other threads start. */
struct net *net_create(unsigned loops);

/* net_free: closes the connections. Once no loop and no thread uses it any more; in any thread.
 * Takes NULL. */
void net_free(struct net *net);

struct net_header {
    const char *name;
    const char *value; /* not empty where it is sent */
};

/* The keys and the scope of a signature (AWS Signature Version 4). The caller adds the header
 * `x-amz-content-sha256`, which says what of the body is signed. Query and path are signed as they
 * stand in the URL: parameters have to be sorted and encoded by whoever made it. A body without a
 * Content-Type gets application/octet-stream, and one over a mebibyte is announced with
 * `Expect: 100-continue`, which libcurl waits a second for. */
struct net_signature {
    const char *access_key;
    const char *secret_key;
    const char *region;
    const char *service;
};

struct net_request {
    const char *method; /* NULL: GET */
    const char *url;
    const struct net_header *headers;
    size_t header_count;
    struct text body;    /* sent as it is; */
    int body_descriptor; /* or, when body_size > 0: so many bytes of this file, from its offset */
    uint64_t body_size;
    const struct net_signature *signature; /* NULL for none */
    int64_t timeout;     /* microseconds for all of it, from 1; connecting may take NET_CONNECT */
    size_t limit;        /* bytes of the answer's body that are taken into memory */
    int sink_descriptor; /* with has_sink: a 2xx body is written here, whatever its size */
    bool has_sink;
};

/* NET_CONNECT: how long connecting may take, where the timeout leaves that much. Microseconds. */
#define NET_CONNECT INT64_C(5000000)

/* An answer, in the arena of the fetch. */
struct net_answer {
    int status;
    struct text content_type; /* the null text when there is none */
    struct text body;         /* never null; empty when it went to the sink */
    uint64_t size;            /* bytes of the body, wherever they went */
    struct net_header *headers;
    size_t header_count;
};

/*
 * net_fetch: 0 for any complete answer, whatever its status. Otherwise `*ret_message` says why, in
 * words that hold nothing of the URL but its host and port:
 *
 *   ERROR_INVALID      the URL cannot be, see net_check_url
 *   ERROR_UNAVAILABLE  no connection, or one that broke off or does not speak HTTP
 *   ERROR_TIMEOUT
 *   ERROR_TOO_LARGE    the body is longer than `limit`
 *   ERROR_IO           a descriptor of the request's cannot be read or written
 *   ERROR_CANCELLED    the fiber was cancelled
 *
 * After an error the sink may hold the beginning of a body. Any thread.
 */
int net_fetch(struct net *net, struct arena *arena, const struct net_request *request,
              struct net_answer *ret_answer, struct text *ret_message);

/* net_answer_header: the value of the header `name` (case does not matter), the last one where
 * there are several; or the null text. */
struct text net_answer_header(const struct net_answer *answer, const char *name);

/* net_check_url: ERROR_INVALID for what is not an absolute URL of http or https. Any thread. */
int net_check_url(const char *url);

#endif
