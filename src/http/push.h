/*
 * push.h: an answer without an end, to which bytes are added whenever there are some: a channel
 * (http/channel.h), opened by reply_push.
 *
 * While nothing waits to be sent, libmicrohttpd has the connection suspended: it takes no fiber and
 * no thread. A client that goes away is noticed with the next bytes that are sent to it.
 */
#ifndef ERRAND_HTTP_PUSH_H
#define ERRAND_HTTP_PUSH_H

#include <microhttpd.h>

#include "http/request.h"

/* push_response: the response to a request whose reply pushes. `*due` is set when libmicrohttpd has
 * something to do again. NULL when there is no memory. Loop thread. */
struct MHD_Response *push_response(struct request *request, struct MHD_Connection *mhd, bool *due);

#endif
