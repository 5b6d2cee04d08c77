/*
 * body_stream.h: a request's body that its handler reads while it arrives.
 *
 *   libmicrohttpd --> exchange.c --body_stream_add--> bytes held --request_read--> handler
 *                        ^                                              |
 *                        +--- demand: go on with the connection <-------+ nothing is held
 *
 * What is held is bounded: once BODY_STREAM_FULL bytes are, exchange.c stops reading from the
 * connection until the handler has taken them all. So memory stays the same for a body of any size.
 * Loop thread.
 */
#ifndef ERRAND_HTTP_BODY_STREAM_H
#define ERRAND_HTTP_BODY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct fiber;
struct request;

enum {
    BODY_STREAM_FULL = 64 * 1024,
    BODY_STREAM_PIECE = 16 * 1024, /* the most that is added at once */
};

struct body_stream {
    char *data; /* BODY_STREAM_FULL + BODY_STREAM_PIECE bytes */
    size_t start;
    size_t end;
    uint64_t declared; /* what the client announced; 0: nothing */
    uint64_t received;
    uint64_t limit;
    bool ended;
    int error;            /* of the connection; 0 while it is there */
    struct fiber *reader; /* parked in request_read; NULL when not */
    void (*demand)(struct body_stream *stream);
};

/* body_stream_init: an empty stream of at most `limit` bytes. `demand` is called when the reader
 * has nothing to read; `declared` is the length that the client announced, 0 for none. */
void body_stream_init(struct body_stream *stream, struct arena *arena, uint64_t limit,
                      uint64_t declared, void (*demand)(struct body_stream *stream));

/* body_stream_add: holds the next bytes, at most BODY_STREAM_PIECE, and wakes the reader. The
 * stream must not be full. */
void body_stream_add(struct body_stream *stream, const char *data, size_t size);
bool body_stream_is_full(const struct body_stream *stream);

/* body_stream_end: no more bytes come, because the body is complete (0) or because of an error. */
void body_stream_end(struct body_stream *stream, int error);

/*
 * request_read: up to `size` of the next bytes of the body, for the handler of a route that
 * streams; parks the fiber while none are there. Returns their count, 0 at the end, or
 * ERROR_TOO_LARGE when the body is larger than allowed, ERROR_CANCELLED when the client went away
 * or the server is shutting down, ERROR_TIMEOUT when the client sent nothing for too long. A
 * handler that gets an error cleans up and returns it. It may also answer without reading.
 */
int request_read(struct request *request, void *buffer, size_t size);

#endif
