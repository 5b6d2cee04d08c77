/*
 * channel.h: a connection that stays open and on which the server speaks when it has something to
 * say: a WebSocket (http/websocket.h) or an answer without an end (http/push.h).
 *
 *   reply_websocket, reply_push ──> opened(channel, argument) ──> channel_send... ──> channel_close
 *                                                                          or  owner->closed
 *
 * Whoever opens one embeds a struct channel_owner in a structure of its own. Sending never waits:
 * bytes gather until the client takes them, and the owner looks at channel_waiting. Loop thread, as
 * everything here.
 */
#ifndef ERRAND_HTTP_CHANNEL_H
#define ERRAND_HTTP_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "http/outbox.h"

enum channel_kind { CHANNEL_WEBSOCKET, CHANNEL_PUSH, CHANNEL_KINDS };

/* Why a WebSocket is closed (RFC 6455, section 7.4.1). */
enum channel_code {
    CHANNEL_PROTOCOL = 1002, /* the client breaks the protocol */
    CHANNEL_POLICY = 1008,   /* the token is of no more use */
    CHANNEL_RESTART = 1012,  /* the server ends; another one, or it itself, will be there soon */
};

struct channel_owner {
    /* drained: the client was slow, and has now taken all that waited. */
    void (*drained)(struct channel_owner *owner);
    /* closed: the client is gone. The channel must not be used any more. */
    void (*closed)(struct channel_owner *owner);
};

struct channel;

/* What each kind does with the calls below. */
struct channel_functions {
    enum channel_kind kind;
    void (*send)(struct channel *channel, struct block *block);
    void (*beat)(struct channel *channel);
    void (*flush)(struct channel *channel);
    void (*close)(struct channel *channel, enum channel_code code, struct text reason);
};

/* Embedded in what each kind has besides. */
struct channel {
    const struct channel_functions *functions;
    struct channel_owner *owner; /* NULL when there is nobody to be told */
    struct outbox outbox;
};

typedef void channel_opened(struct channel *channel, void *argument);

static inline enum channel_kind channel_kind(const struct channel *channel)
{
    return channel->functions->kind;
}

/* channel_send: `block` behind what waits already. It goes out by the end of the loop's turn, as
 * far as the client takes it. */
static inline void channel_send(struct channel *channel, struct block *block)
{
    channel->functions->send(channel, block);
}

/* channel_beat: sends something that means nothing, unless something waits anyhow, so that what is
 * between here and the client keeps the connection. A WebSocket does that by itself. */
static inline void channel_beat(struct channel *channel)
{
    channel->functions->beat(channel);
}

/* channel_flush: sends what the client takes at once. Nobody is told from in here. */
static inline void channel_flush(struct channel *channel)
{
    channel->functions->flush(channel);
}

/* channel_waiting: bytes that the client has not taken. */
static inline size_t channel_waiting(const struct channel *channel)
{
    return channel->outbox.bytes;
}

/* channel_close: ends the channel in an orderly way after what waits; the owner is told no more. A
 * WebSocket's client hears the code and the reason (at most 123 bytes). */
static inline void channel_close(struct channel *channel, enum channel_code code,
                                 struct text reason)
{
    channel->owner = NULL;
    channel->functions->close(channel, code, reason);
}

/* channel_tell_closed: for each kind: the client is gone. */
static inline void channel_tell_closed(struct channel *channel)
{
    struct channel_owner *owner = channel->owner;
    channel->owner = NULL;
    if (owner != NULL)
        owner->closed(owner);
}

#endif
