#include "http/stream.h"

#include "base/error.h"
#include "http/reply.h"
#include "runtime/fiber.h"

enum { BLOCK_SIZE = 32768 }; /* bytes that libmicrohttpd asks for at most */

enum stream_state {
    STREAM_READY,     /* there may be more */
    STREAM_PRODUCING, /* a fiber makes the next part */
    STREAM_WAITING,   /* likewise, and the connection is suspended */
    STREAM_ENDED,
    STREAM_BROKEN,
};

/* In the request's arena. */
struct stream {
    struct request *request;
    struct MHD_Connection *mhd;
    bool *due;
    struct arena arena; /* of the current part */
    struct buffer part;
    size_t sent;
    enum stream_state state;
};

static void release_part(void *resource)
{
    struct stream *stream = resource;
    arena_release(&stream->arena);
}

static void produce(void *argument)
{
    struct stream *stream = argument;
    const struct reply *reply = &stream->request->reply;
    log_set_context(&stream->request->log);
    arena_release(&stream->arena);
    buffer_init(&stream->part, &stream->arena, REPLY_LIMIT);
    stream->sent = 0;
    int more = reply->produce(reply->produce_argument, &stream->part);
    if (more >= 0 && buffer_overflowed(&stream->part))
        more = ERROR_TOO_LARGE;
    if (more < 0)
        log_error("answer broken off: %s", error_text(more));
    log_set_context(NULL);
    if (stream->state == STREAM_WAITING) {
        MHD_resume_connection(stream->mhd);
        *stream->due = true;
    }
    stream->state = more < 0 ? STREAM_BROKEN : more == 0 ? STREAM_ENDED : STREAM_READY;
}

static ssize_t read_block(void *context, uint64_t position, char *block, size_t size)
{
    (void)position;
    struct stream *stream = context;
    while (stream->sent == stream->part.length && stream->state == STREAM_READY) {
        stream->state = STREAM_PRODUCING;
        fiber_start(produce, stream);
    }
    if (stream->state == STREAM_PRODUCING) {
        stream->state = STREAM_WAITING;
        MHD_suspend_connection(stream->mhd);
    }
    if (stream->state == STREAM_WAITING)
        return 0;
    if (stream->state == STREAM_BROKEN)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t left = stream->part.length - stream->sent;
    if (left == 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t length = left < size ? left : size;
    memcpy(block, stream->part.data + stream->sent, length);
    stream->sent += length;
    return (ssize_t)length;
}

struct MHD_Response *stream_response(struct request *request, struct MHD_Connection *mhd, bool *due)
{
    struct stream *stream = arena_allocate_zeroed(&request->arena, sizeof *stream);
    *stream = (struct stream){.request = request, .mhd = mhd, .due = due};
    arena_init(&stream->arena);
    arena_defer(&request->arena, release_part, stream);
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_block, stream,
                                             NULL);
}
