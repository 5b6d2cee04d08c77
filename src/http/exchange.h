/*
 * exchange.h: the requests of one worker on their way through libmicrohttpd. Only worker.c uses it.
 *
 * libmicrohttpd calls, for each request: exchange_begin when its first line is there;
 * exchange_continue once for the complete head, again for each piece of the body, and once more at
 * its end; exchange_end when the answer has been sent or the connection is gone. At the end of the
 * body the request gets a fiber:
 *
 *   handler never waits    the fiber ends inside exchange_continue, which queues the answer
 *   handler parks          the connection is suspended; when the fiber ends it is resumed, and
 *                          libmicrohttpd calls exchange_continue again, which queues the answer
 *
 * A route that streams gets its fiber with the complete head, and the pieces of the body go to its
 * struct body_stream. The connection is suspended while that is full, and, as above, when the body
 * has come to its end before the fiber has. When the fiber ends first, the rest of the body is
 * discarded before the answer. A client that waits for leave to send (Expect: 100-continue), or
 * that would send more than is ever discarded, is held at its head until the handler begins to
 * read: if it does not, the answer goes out at once. When the client goes away the fiber is told,
 * and the exchange outlives the connection until the fiber has ended.
 *
 * Otherwise a connection is not suspended inside exchange_continue but right after that run of
 * libmicrohttpd, when it has noted that the request is complete: suspended earlier, it would on
 * resumption first try to read more, and give up a client that has closed its sending side and
 * waits for the answer.
 */
#ifndef ERRAND_HTTP_EXCHANGE_H
#define ERRAND_HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "http/connection.h"
#include "http/websocket.h"
#include "http/worker.h"

struct exchange;

/* What the exchanges of a worker share. */
struct exchanges {
    const struct worker_options *options;
    struct connections connections;
    _Atomic uint64_t connection_count; /* for other threads */
    struct exchange *first;            /* those whose head is complete */
    struct exchange *parking;          /* those to be suspended after this run */
    struct websockets websockets;      /* which were requests once */
    bool draining;                     /* answers close their connections */
    bool due;                          /* libmicrohttpd has something to do */
};

/* The callbacks of libmicrohttpd; the context is the struct exchanges. */
void *exchange_begin(void *context, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result exchange_continue(void *context, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request_context);
void exchange_end(void *context, struct MHD_Connection *mhd, void **request_context,
                  enum MHD_RequestTerminationCode code);
void exchange_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
                         enum MHD_ConnectionNotificationCode code);

/* exchanges_suspend_parked: after each run of libmicrohttpd. */
void exchanges_suspend_parked(struct exchanges *exchanges);

/* exchanges_cancel: cancels the fibers that are still at work. */
void exchanges_cancel(struct exchanges *exchanges);

#endif
