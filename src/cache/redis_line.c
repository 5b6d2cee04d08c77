/*
 * redis_line.c: news by PUBLISH and SUBSCRIBE.
 *
 * Two connections of the carrier's own: one that listens cannot send. They block, for a second at
 * most. Opening them looks the host up anew, for the loops' connections too.
 */
#include <stdlib.h>

#include "base/container.h"
#include "base/error.h"
#include "base/memory.h"
#include "cache/redis.h"
#include "cache/redis_connection.h"
#include "runtime/carrier.h"

struct redis_line {
    struct carrier_line base;
    struct redis *redis;
    struct arena arena;
    struct text channel;
    redisContext *listener;
    redisContext *speaker;
    bool was_down;
};

static struct redis_line *line_of(struct carrier_line *base)
{
    return CONTAINER_OF(base, struct redis_line, base);
}

static void close_line(struct redis_line *line)
{
    if (line->listener != NULL)
        redisFree(line->listener);
    if (line->speaker != NULL)
        redisFree(line->speaker);
    line->listener = line->speaker = NULL;
}

static int fail(struct redis_line *line, const char *reason)
{
    if (!line->was_down)
        redis_note_down(line->redis, reason);
    line->was_down = true;
    return ERROR_UNAVAILABLE;
}

/* A command whose answer only matters when it is an error. */
static int run(struct redis_line *line, redisContext *context, struct redis_words words)
{
    const char *items[REDIS_WORDS_LIMIT];
    size_t lengths[REDIS_WORDS_LIMIT];
    for (size_t i = 0; i < words.count; i++) {
        items[i] = words.items[i].data;
        lengths[i] = words.items[i].length;
    }
    redisReply *reply = redisCommandArgv(context, (int)words.count, items, lengths);
    if (reply == NULL)
        return fail(line, context->errstr);
    int error = reply->type == REDIS_REPLY_ERROR ? fail(line, reply->str) : 0;
    freeReplyObject(reply);
    return error;
}

static int connect_one(struct redis_line *line, redisContext **ret_context)
{
    static const struct timeval patience = {.tv_sec = 1};
    const struct redis_url *url = &line->redis->url;
    char address[REDIS_ADDRESS_SIZE];
    if (!redis_find_address(line->redis, address))
        return fail(line, "the host is not known");
    redisContext *context = redisConnectWithTimeout(address, (int)url->port, patience);
    if (context == NULL)
        memory_exhausted(sizeof *context);
    *ret_context = context;
    if (context->err != 0)
        return fail(line, context->errstr);
    redisSetTimeout(context, patience);
    if (url->user.data != NULL)
        return run(line, context, REDIS_WORDS(TEXT("AUTH"), url->user, url->password));
    if (url->password.data != NULL)
        return run(line, context, REDIS_WORDS(TEXT("AUTH"), url->password));
    return 0;
}

static int redis_line_open(struct carrier_line *base)
{
    struct redis_line *line = line_of(base);
    redis_resolve(line->redis);
    int error = connect_one(line, &line->speaker);
    if (error >= 0)
        error = connect_one(line, &line->listener);
    if (error >= 0)
        error = run(line, line->listener, REDIS_WORDS(TEXT("SUBSCRIBE"), line->channel));
    if (error < 0) {
        close_line(line);
        return error;
    }
    if (line->was_down)
        redis_note_up(line->redis);
    line->was_down = false;
    return line->listener->fd;
}

static int redis_line_send(struct carrier_line *base, struct wake *wake, struct text message)
{
    (void)wake;
    struct redis_line *line = line_of(base);
    return run(line, line->speaker, REDIS_WORDS(TEXT("PUBLISH"), line->channel, message));
}

/* ["message", CHANNEL, MESSAGE] */
static void hear(struct wake *wake, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
        reply->element[2]->type == REDIS_REPLY_STRING)
        wake_hear(wake, (struct text){reply->element[2]->str, reply->element[2]->len});
}

static int redis_line_receive(struct carrier_line *base, struct wake *wake)
{
    struct redis_line *line = line_of(base);
    redisContext *context = line->listener;
    void *reply = NULL;
    int count = 0;
    int error = redisBufferRead(context);
    while (error == REDIS_OK && (error = redisGetReplyFromReader(context, &reply)) == REDIS_OK &&
           reply != NULL) {
        hear(wake, reply);
        freeReplyObject(reply);
        reply = NULL;
        count++;
    }
    return error == REDIS_OK ? count : fail(line, context->errstr);
}

static void redis_line_close(struct carrier_line *base)
{
    close_line(line_of(base));
}

static void redis_line_free(struct carrier_line *base)
{
    struct redis_line *line = line_of(base);
    close_line(line);
    arena_release(&line->arena);
    free(line);
}

static const struct carrier_engine engine = {
    .open = redis_line_open,
    .send = redis_line_send,
    .receive = redis_line_receive,
    .close = redis_line_close,
    .free = redis_line_free,
};

struct carrier_line *redis_line_create(struct redis *redis)
{
    struct redis_line *line = memory_allocate(sizeof *line);
    line->base.engine = &engine;
    line->redis = redis;
    arena_init(&line->arena);
    line->channel = redis_key(redis, &line->arena, TEXT("wake"));
    return &line->base;
}
