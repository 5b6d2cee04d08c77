#include "http/body_stream.h"

#include <string.h>

#include "base/error.h"
#include "http/body_digest.h"
#include "http/request.h"
#include "runtime/fiber.h"
#include "runtime/wait.h"

void body_stream_init(struct body_stream *stream, struct arena *arena, uint64_t limit,
                      uint64_t declared, void (*demand)(struct body_stream *stream))
{
    *stream = (struct body_stream){
        .data = arena_allocate(arena, BODY_STREAM_FULL + BODY_STREAM_PIECE),
        .declared = declared,
        .limit = limit,
        .demand = demand,
    };
}

static void wake_reader(struct body_stream *stream)
{
    struct fiber *reader = stream->reader;
    stream->reader = NULL;
    if (reader != NULL)
        fiber_wake(reader, 0);
}

void body_stream_add(struct body_stream *stream, const char *data, size_t size)
{
    if (stream->end + size > BODY_STREAM_FULL + BODY_STREAM_PIECE) {
        memmove(stream->data, stream->data + stream->start, stream->end - stream->start);
        stream->end -= stream->start;
        stream->start = 0;
    }
    memcpy(stream->data + stream->end, data, size);
    stream->end += size;
    stream->received += size;
    wake_reader(stream);
}

bool body_stream_is_full(const struct body_stream *stream)
{
    return stream->end - stream->start >= BODY_STREAM_FULL;
}

void body_stream_end(struct body_stream *stream, int error)
{
    stream->ended = true;
    if (stream->error == 0)
        stream->error = error;
    wake_reader(stream);
}

static bool is_too_large(const struct body_stream *stream)
{
    return stream->declared > stream->limit || stream->received > stream->limit;
}

static int take(struct body_stream *stream, void *buffer, size_t size)
{
    while (!is_too_large(stream) && stream->start == stream->end && !stream->ended) {
        stream->demand(stream);
        stream->reader = fiber_current();
        int error = wait_woken();
        stream->reader = NULL;
        if (error < 0)
            return error;
    }
    if (stream->error < 0)
        return stream->error;
    if (is_too_large(stream))
        return ERROR_TOO_LARGE;
    size_t held = stream->end - stream->start;
    size_t taken = held < size ? held : size;
    memcpy(buffer, stream->data + stream->start, taken);
    stream->start += taken;
    if (stream->start == stream->end) {
        stream->start = 0;
        stream->end = 0;
    }
    return (int)taken;
}

int request_read(struct request *request, void *buffer, size_t size)
{
    int count = take(request->stream, buffer, size);
    if (request->digest != NULL && count > 0)
        body_digest_add(request->digest, buffer, (size_t)count);
    if (request->digest != NULL && count == 0 && !request->digest->finished)
        body_digest_finish(request->digest);
    return count;
}
