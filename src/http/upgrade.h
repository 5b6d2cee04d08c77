/*
 * upgrade.h: the answer after which a connection is a WebSocket.
 */
#ifndef ERRAND_HTTP_UPGRADE_H
#define ERRAND_HTTP_UPGRADE_H

#include <microhttpd.h>

#include "http/request.h"
#include "http/websocket.h"

/* upgrade_response: the response to a request whose reply is a WebSocket, which is opened among
 * `websockets` when it has been sent. `*due` is set when libmicrohttpd has something to do again.
 * NULL when there is no memory. Loop thread. */
struct MHD_Response *upgrade_response(struct request *request, struct websockets *websockets,
                                      bool *due);

#endif
