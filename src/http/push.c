#include "http/push.h"

#include <stdlib.h>

#include "base/container.h"
#include "base/memory.h"
#include "http/channel.h"
#include "http/socket.h"

enum { BLOCK_SIZE = 4096 }; /* bytes that libmicrohttpd asks for at most */

struct push {
    struct channel channel;
    struct MHD_Connection *mhd;
    bool *due;
    bool suspended;
    bool slow; /* something was left over when it was asked for, and is not all gone yet */
    bool ended;
};

static void resume(struct push *push)
{
    if (!push->suspended)
        return;
    push->suspended = false;
    MHD_resume_connection(push->mhd);
    *push->due = true;
}

static void send_block(struct channel *channel, struct block *block)
{
    outbox_add(&channel->outbox, block);
    resume(CONTAINER_OF(channel, struct push, channel));
}

/* A comment, in Server-Sent Events. */
static void beat(struct channel *channel)
{
    if (channel->outbox.bytes == 0) {
        outbox_add_bytes(&channel->outbox, ":\n\n", 3);
        resume(CONTAINER_OF(channel, struct push, channel));
    }
}

/* libmicrohttpd asks when it can send; whoever flushes is told when all is gone. */
static void flush(struct channel *channel)
{
    struct push *push = CONTAINER_OF(channel, struct push, channel);
    push->slow = push->slow || channel->outbox.bytes > 0;
}

static void end(struct channel *channel, enum channel_code code, struct text reason)
{
    (void)code;
    (void)reason;
    struct push *push = CONTAINER_OF(channel, struct push, channel);
    push->ended = true;
    resume(push);
}

static const struct channel_functions functions = {CHANNEL_PUSH, send_block, beat, flush, end};

static ssize_t read_block(void *context, uint64_t position, char *block, size_t size)
{
    (void)position;
    struct push *push = context;
    struct channel *channel = &push->channel;
    if (channel->outbox.bytes == 0 && push->slow) {
        push->slow = false;
        if (channel->owner != NULL)
            channel->owner->drained(channel->owner);
    }
    if (channel->outbox.bytes > 0) {
        push->slow = push->slow || channel->outbox.bytes > size;
        return (ssize_t)outbox_take(&channel->outbox, block, size);
    }
    if (push->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    push->suspended = true;
    MHD_suspend_connection(push->mhd);
    return 0;
}

static void release(void *context)
{
    struct push *push = context;
    channel_tell_closed(&push->channel);
    outbox_clear(&push->channel.outbox);
    free(push);
}

struct MHD_Response *push_response(struct request *request, struct MHD_Connection *mhd, bool *due)
{
    struct push *push = memory_allocate(sizeof *push);
    *push = (struct push){.channel = {.functions = &functions}, .mhd = mhd, .due = due};
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_block, push, release);
    if (response == NULL) {
        free(push);
        return NULL;
    }
    socket_limit_sending(
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    request->reply.opened(&push->channel, request->reply.opened_argument);
    return response;
}
