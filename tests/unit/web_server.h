/*
 * web_server.h: a small HTTP server on loopback for the tests of what fetches things.
 *
 * What it does is in the path:
 *
 *   /hello        200 "hello", as text/plain
 *   /status/N     N with the body "status N"; Location is /hello
 *   /bytes/N      N bytes 'x'
 *   /echo         the request as it came, head and body
 *   /meet/N       as /hello, once N of these have come
 *   /drop         as /hello, and then closes the connection without having said so
 *   /hang         nothing, until the client closes the connection
 *   /close        closes the connection
 *   /broken       the head of a body of 100 bytes, ten of them, closes the connection
 *   /garbage      no HTTP
 */
#ifndef ERRAND_TESTS_WEB_SERVER_H
#define ERRAND_TESTS_WEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct web_server;

struct web_server *web_server_start(void);
void web_server_stop(struct web_server *server);

/* web_server_url: of `path` there. */
const char *web_server_url(const struct web_server *server, struct arena *arena, const char *path);

/* web_server_connections: how many there have been. */
size_t web_server_connections(struct web_server *server);

/* web_server_has_hung: whether a request for /hang has come; once for each. */
bool web_server_has_hung(struct web_server *server);

/* web_server_wait_given_up: until the client of a /hang has closed its connection. */
void web_server_wait_given_up(struct web_server *server);

#endif
