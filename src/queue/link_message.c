/*
 * link_message.c: messages to and from the broker.
 */
#include <poll.h>

#include "base/clock.h"
#include "base/error.h"
#include "queue/link_state.h"

/* Waiting. */

/* The broker has a message, or all up to it. */
static void note_confirmation(struct queue_link *link, uint64_t number, bool all)
{
    if (number <= link->confirmed || number > link->published)
        return;
    for (uint64_t i = all ? link->confirmed + 1 : number; i <= number; i++)
        link->ahead[i % QUEUE_LINK_WINDOW] = true;
    while (link->confirmed < link->published &&
           link->ahead[(link->confirmed + 1) % QUEUE_LINK_WINDOW])
        link->ahead[++link->confirmed % QUEUE_LINK_WINDOW] = false;
}

/* What came without being asked for: 0 for what is not the end of the connection. */
static int handle(struct queue_link *link, const amqp_frame_t *frame)
{
    if (frame->frame_type != AMQP_FRAME_METHOD)
        return 0;
    const amqp_method_t *method = &frame->payload.method;
    switch (method->id) {
    case AMQP_BASIC_ACK_METHOD: {
        const amqp_basic_ack_t *ack = method->decoded;
        note_confirmation(link, ack->delivery_tag, ack->multiple != 0);
        return 0;
    }
    case AMQP_BASIC_NACK_METHOD:
        return queue_link_fail(link, "it could not keep a message");
    case AMQP_BASIC_RETURN_METHOD:
        return queue_link_fail(link, "a queue is gone");
    case AMQP_BASIC_CANCEL_METHOD:
        return queue_link_fail(link, "a queue is gone, or has moved");
    case AMQP_CONNECTION_BLOCKED_METHOD:
        link->blocked = true;
        return 0;
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
        link->blocked = false;
        return 0;
    case AMQP_CHANNEL_CLOSE_METHOD:
    case AMQP_CONNECTION_CLOSE_METHOD:
        return queue_link_fail_method(link, method);
    default:
        return 0;
    }
}

/* Waits for bytes from the broker or for `wake`, until `deadline` and not longer than a heartbeat
 * permits. */
static void sleep_until_ready(const struct queue_link *link, int wake, int64_t deadline)
{
    struct pollfd watched[] = {{.fd = link->descriptor, .events = POLLIN},
                               {.fd = wake, .events = POLLIN}};
    int64_t beat = clock_monotonic() + link->address->heartbeat * CLOCK_SECOND / 4;
    int64_t until = deadline < beat ? deadline : beat;
    int64_t left = until - clock_monotonic();
    if (left > 0)
        poll(watched, wake < 0 ? 1 : 2, (int)(left / CLOCK_MILLISECOND) + 1);
}

/* Publishing. */

static amqp_bytes_t bytes_of(struct text text)
{
    return (amqp_bytes_t){.len = text.length, .bytes = (void *)text.data};
}

int queue_link_publish(struct queue_link *link, const struct queue_message *message)
{
    if (!link->confirming) {
        amqp_confirm_select(link->state, CHANNEL);
        int error = queue_link_check_last(link);
        if (error < 0)
            return error;
        link->confirming = true;
    }
    if (link->blocked)
        return queue_link_fail(link, "it is short of memory or disk, and takes no messages");
    if (link->published - link->confirmed == QUEUE_LINK_WINDOW)
        return ERROR_BUSY;
    const amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                  AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_APP_ID_FLAG,
        .content_type = amqp_cstring_bytes("application/json"),
        .delivery_mode = AMQP_DELIVERY_PERSISTENT,
        .message_id = bytes_of(message->id),
        .type = bytes_of(message->type),
        .app_id = amqp_cstring_bytes("errand"),
    };
    int status =
        amqp_basic_publish(link->state, CHANNEL, amqp_cstring_bytes(message->exchange),
                           bytes_of(message->key), 1, 0, &properties, bytes_of(message->body));
    if (status != AMQP_STATUS_OK)
        return queue_link_fail_status(link, status);
    link->published++;
    return 0;
}

uint64_t queue_link_published(const struct queue_link *link)
{
    return link->published;
}

uint64_t queue_link_confirmed(const struct queue_link *link)
{
    return link->confirmed;
}

/* Consuming. */

int queue_link_consume(struct queue_link *link, const char *queue, unsigned prefetch)
{
    amqp_basic_qos(link->state, CHANNEL, 0, (uint16_t)prefetch, 0);
    int error = queue_link_check_last(link);
    if (error < 0)
        return error;
    amqp_basic_consume(link->state, CHANNEL, amqp_cstring_bytes(queue), amqp_cstring_bytes(queue),
                       0, 0, 0, amqp_empty_table);
    return queue_link_check_last(link);
}

static struct text copy_bytes(struct arena *arena, amqp_bytes_t bytes)
{
    return arena_copy(arena, (struct text){bytes.bytes, bytes.len});
}

/* What the library says in place of a message: 0 when there is none, 1 when something else came and
 * was handled, or an error. */
static int handle_other(struct queue_link *link, amqp_rpc_reply_t reply)
{
    bool own = reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION;
    if (own && reply.library_error == AMQP_STATUS_TIMEOUT)
        return 0;
    if (!own || reply.library_error != AMQP_STATUS_UNEXPECTED_STATE)
        return queue_link_check(link, reply);
    amqp_frame_t frame;
    int status = amqp_simple_wait_frame(link->state, &frame);
    int error =
        status != AMQP_STATUS_OK ? queue_link_fail_status(link, status) : handle(link, &frame);
    return error < 0 ? error : 1;
}

/* The next message that has come: 1, 0 when there is none, or an error. */
static int take(struct queue_link *link, struct arena *arena, struct queue_delivery *ret_delivery)
{
    const struct timeval none = {0};
    amqp_envelope_t envelope;
    amqp_rpc_reply_t reply;
    int other;
    do {
        amqp_maybe_release_buffers(link->state);
        reply = amqp_consume_message(link->state, &envelope, &none, 0);
        other = reply.reply_type == AMQP_RESPONSE_NORMAL ? 0 : handle_other(link, reply);
    } while (other > 0);
    if (other < 0 || reply.reply_type != AMQP_RESPONSE_NORMAL)
        return other;
    *ret_delivery = (struct queue_delivery){
        .tag = envelope.delivery_tag,
        .queue = copy_bytes(arena, envelope.consumer_tag),
        .body = copy_bytes(arena, envelope.message.body),
    };
    amqp_destroy_envelope(&envelope);
    return 1;
}

int queue_link_next(struct queue_link *link, int wake, int64_t timeout, struct arena *arena,
                    struct queue_delivery *ret_delivery)
{
    int found = take(link, arena, ret_delivery);
    if (found != 0 || timeout <= 0)
        return found;
    sleep_until_ready(link, wake, clock_monotonic() + timeout);
    return take(link, arena, ret_delivery);
}

int queue_link_settle(struct queue_link *link, uint64_t tag, bool rejected)
{
    int status = rejected ? amqp_basic_reject(link->state, CHANNEL, tag, 0)
                          : amqp_basic_ack(link->state, CHANNEL, tag, 0);
    return status == AMQP_STATUS_OK ? 0 : queue_link_fail_status(link, status);
}
