/*
 * listener.h: the sockets that connections come in on.
 */
#ifndef ERRAND_HTTP_LISTENER_H
#define ERRAND_HTTP_LISTENER_H

#include "base/arena.h"
#include "base/text.h"

/* listeners_open: `count` listening sockets on one address and port (SO_REUSEPORT: the kernel
 * spreads connections over them), for port 0 a free one. Returns the port, or ERROR_IO with a
 * message for the user. */
int listeners_open(const char *host, int port, int *listeners, unsigned count, struct arena *arena,
                   struct text *ret_message);

#endif
