/*
 * connection.h: the open connections of a loop, and when each has waited long enough.
 *
 *            head complete          body complete          answer sent
 *   IDLE ------------------> READING ------------> BUSY ------------------> IDLE
 *    │ IDLE_TIMEOUT            │ REQUEST_TIMEOUT
 *    └──── closed ─────────────┘
 *
 * Both timeouts count from the change of state, not from the last byte, so a client that sends a
 * byte now and then does not stay longer. A body that its handler reads as it arrives
 * (route.streams) may take long, so there every piece enters READING anew: REQUEST_TIMEOUT is the
 * longest silence. While such a handler is busy with what it has, the connection is BUSY.
 * Connections of one state have one timeout, so a list in the order of their arrival is in the
 * order of their deadlines.
 *
 * A client may also leave in the middle of a request. libmicrohttpd watches edges and takes a short
 * read for the last one, so that an end which came along with the data is not seen: the connection
 * would wait for its timeout, and a drain for it. connections_notice_ends looks.
 *
 * Loop thread.
 */
#ifndef ERRAND_HTTP_CONNECTION_H
#define ERRAND_HTTP_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "http/address.h"

enum connection_state {
    CONNECTION_IDLE,
    CONNECTION_READING,
    CONNECTION_BUSY, /* a handler is at work, or the answer on its way: no timeout here */
    CONNECTION_STATES,
};

struct connection {
    struct connection *previous;
    struct connection *next;
    enum connection_state state;
    int64_t since;  /* clock_monotonic() */
    bool expired;   /* shut down because its time was over */
    int descriptor; /* libmicrohttpd's, not ours to close */
    struct address peer;
};

struct connection_list {
    struct connection *first;
    struct connection *last;
};

struct connections {
    struct connection_list lists[CONNECTION_STATES];
    int64_t timeouts[CONNECTION_STATES]; /* microseconds; 0: none */
    uint64_t count;
};

/* connections_add: a new connection, which is idle; connections_remove frees it. */
struct connection *connections_add(struct connections *connections, int descriptor);
void connections_remove(struct connections *connections, struct connection *connection);

void connections_enter(struct connections *connections, struct connection *connection,
                       enum connection_state state);

/* connections_expire: shuts down those whose time is over; libmicrohttpd then sees them closed. */
void connections_expire(struct connections *connections, int64_t now);

/* connections_notice_ends: wakes libmicrohttpd for the connections that wait for their client and
 * whose client has sent its last byte: all that are READING, and those that have been IDLE for less
 * than two times `interval`, the microseconds between two calls. The others were looked at then.
 */
void connections_notice_ends(struct connections *connections, int64_t now, int64_t interval);

/* connections_shut_down: shuts down all in that state. */
void connections_shut_down(struct connections *connections, enum connection_state state);

#endif
