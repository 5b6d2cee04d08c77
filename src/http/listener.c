#include "http/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/descriptor.h"
#include "base/error.h"

enum { BACKLOG = 4096 };

struct endpoint {
    struct sockaddr_storage address;
    socklen_t length;
};

static int resolve(const char *host, struct endpoint *endpoint, const char **ret_reason)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    int error = getaddrinfo(host, NULL, &hints, &found);
    if (error != 0) {
        *ret_reason = gai_strerror(error);
        return ERROR_INVALID;
    }
    memcpy(&endpoint->address, found->ai_addr, found->ai_addrlen);
    endpoint->length = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

static void set_port(struct endpoint *endpoint, int port)
{
    in_port_t value = htons((in_port_t)port);
    if (endpoint->address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&endpoint->address)->sin6_port = value;
    else
        ((struct sockaddr_in *)&endpoint->address)->sin_port = value;
}

static int get_port(int listener)
{
    struct endpoint endpoint = {.length = sizeof endpoint.address};
    if (getsockname(listener, (struct sockaddr *)&endpoint.address, &endpoint.length) < 0)
        return ERROR_IO;
    if (endpoint.address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&endpoint.address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&endpoint.address)->sin_port);
}

static int open_one(const struct endpoint *endpoint, bool shared)
{
    const int on = 1;
    int listener =
        socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return ERROR_IO;
    bool ready =
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (!shared || setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
        bind(listener, (const struct sockaddr *)&endpoint->address, endpoint->length) == 0 &&
        listen(listener, BACKLOG) == 0;
    if (ready)
        return listener;
    int reason = errno;
    close(listener);
    errno = reason;
    return ERROR_IO;
}

/* Sockets that share a port would also share it with another errand of the same user, silently. One
 * that does not share finds out whether the port is free, and which one is, for port 0. */
static int probe(struct endpoint *endpoint)
{
    CLEANUP_CLOSE int listener = open_one(endpoint, false);
    if (listener < 0)
        return listener;
    int port = get_port(listener);
    if (port > 0)
        set_port(endpoint, port);
    return port;
}

int listeners_open(const char *host, int port, int *listeners, unsigned count, struct arena *arena,
                   struct text *ret_message)
{
    struct endpoint endpoint;
    const char *reason;
    if (resolve(host, &endpoint, &reason) < 0) {
        *ret_message = arena_format(arena, "HOST %s: %s", host, reason);
        return ERROR_INVALID;
    }
    set_port(&endpoint, port);
    int bound = probe(&endpoint);
    for (unsigned i = 0; i < count && bound >= 0; i++) {
        listeners[i] = open_one(&endpoint, true);
        if (listeners[i] >= 0)
            continue;
        bound = ERROR_IO;
        int failed = errno;
        while (i > 0)
            close(listeners[--i]);
        errno = failed;
        break;
    }
    if (bound < 0)
        *ret_message =
            arena_format(arena, "cannot listen on %s port %d: %s%s", host, port, strerror(errno),
                         errno == EADDRINUSE ? " (set PORT to use another one)" : "");
    return bound;
}
