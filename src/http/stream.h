/*
 * stream.h: an answer that is made part by part while it is sent; see reply_stream.
 *
 * libmicrohttpd asks for bytes when the client can take some. When those of the current part are
 * gone, a fiber has the producer make the next one. If that waits, the connection is suspended
 * until the part is there, so the answer is never further ahead of the client than one part.
 */
#ifndef ERRAND_HTTP_STREAM_H
#define ERRAND_HTTP_STREAM_H

#include <microhttpd.h>

#include "http/request.h"

/* stream_response: the response to a request whose reply has a producer. `*due` is set when
 * libmicrohttpd has something to do again. NULL when there is no memory. Loop thread. */
struct MHD_Response *stream_response(struct request *request, struct MHD_Connection *mhd,
                                     bool *due);

#endif
