/*
 * websocket.h: WebSockets (RFC 6455), as channels (http/channel.h), opened by reply_websocket.
 *
 * libmicrohttpd answers the handshake (http/handshake.h) and hands over the socket, which it then
 * forgets. wslay reads what the client sends; what we send is framed here, because a frame of ours
 * has no mask and so is the same for every client.
 *
 *   OPEN ── a Close frame is queued ──> CLOSING ── all is through ──> LINGERING
 *     │                                    │                              │
 *     └───────── the client is gone ───────┴─────── CLOSE_TIMEOUT ────────┴──> GONE
 *
 * All is through when both Close frames are or, after an error of the client, our own.
 *
 * A connection that is idle is a struct websocket and nothing else: wslay's context, which is
 * large, is there from the first byte of a message to its last. Messages of the client are read,
 * checked and ignored.
 *
 * The server pings every `ping_interval`; a client that was not heard of since the ping before is
 * gone. Connections are in lists in the order of their deadlines, so looking after them costs only
 * what is due. Loop thread.
 */
#ifndef ERRAND_HTTP_WEBSOCKET_H
#define ERRAND_HTTP_WEBSOCKET_H

#include <stdint.h>

#include "http/channel.h"
#include "runtime/loop.h"

struct websocket;

enum websocket_state {
    WEBSOCKET_OPEN,
    WEBSOCKET_CLOSING,
    WEBSOCKET_LINGERING, /* our side is shut; what still comes is discarded */
    WEBSOCKET_GONE,      /* freed by the end of the turn */
    WEBSOCKET_STATES,
};

struct websocket_list {
    struct websocket *first;
    struct websocket *last;
};

/* The WebSockets of one loop; zeroed but for the first two. */
struct websockets {
    struct loop *loop;
    int64_t ping_interval; /* microseconds */
    struct websocket_list lists[WEBSOCKET_STATES];
    struct websocket *unsent; /* have something that was not tried to send yet */
    uint64_t count;           /* all but those gone */
};

/* websockets_open: a connection whose handshake is over. The descriptor is taken over; `early` is
 * what came behind the handshake. */
void websockets_open(struct websockets *websockets, int descriptor, struct text early,
                     channel_opened *opened, void *argument);

/* websockets_settle: sends what waits and frees what is gone; at the end of each turn. */
void websockets_settle(struct websockets *websockets);

/* websockets_sweep: pings, and gives up those whose time is over. */
void websockets_sweep(struct websockets *websockets, int64_t now);

/* websockets_abort: ends all at once. */
void websockets_abort(struct websockets *websockets);

/* websocket_frame: a block with one text frame. The text is valid UTF-8. */
struct block *websocket_frame(struct text text);

#endif
