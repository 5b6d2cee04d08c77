/*
 * upgrade.c: from libmicrohttpd to a socket of our own.
 *
 * libmicrohttpd keeps a connection that was upgraded, with its 16 KiB of memory, until it is told
 * that the socket is of no more use. It is told at once, and goes on to close its descriptor; we
 * work with a duplicate, on which the connection lives on.
 */
#include "http/upgrade.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

/* In the request's arena. */
struct upgrade {
    struct request *request;
    struct websockets *websockets;
    bool *due;
};

static void take_over(void *context, struct MHD_Connection *mhd, void *request_context,
                      const char *early, size_t early_size, MHD_socket descriptor,
                      struct MHD_UpgradeResponseHandle *handle)
{
    (void)mhd;
    (void)request_context;
    const struct upgrade *upgrade = context;
    const struct reply *reply = &upgrade->request->reply;
    int own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (own >= 0)
        websockets_open(upgrade->websockets, own, (struct text){early, early_size}, reply->opened,
                        reply->opened_argument);
    else
        log_error("websocket: no descriptor left");
    MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
    *upgrade->due = true;
}

struct MHD_Response *upgrade_response(struct request *request, struct websockets *websockets,
                                      bool *due)
{
    struct upgrade *upgrade = arena_allocate(&request->arena, sizeof *upgrade);
    *upgrade = (struct upgrade){request, websockets, due};
    return MHD_create_response_for_upgrade(take_over, upgrade);
}
