/*
 * socket.h: settings of connections that stay open.
 */
#ifndef ERRAND_HTTP_SOCKET_H
#define ERRAND_HTTP_SOCKET_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* socket_limit_sending: bounds what the kernel keeps for a client that takes nothing. */
static inline void socket_limit_sending(int descriptor)
{
    const int size = 65536;
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

/* socket_send_at_once: small messages are not held back for larger ones. */
static inline void socket_send_at_once(int descriptor)
{
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

#endif
