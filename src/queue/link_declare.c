/*
 * link_declare.c: exchanges and queues.
 */
#include "base/error.h"
#include "queue/link_state.h"

int queue_link_declare_exchange(struct queue_link *link, const char *name,
                                enum queue_exchange_type type)
{
    static const char *const names[] = {[QUEUE_DIRECT] = "direct", [QUEUE_FANOUT] = "fanout"};
    amqp_exchange_declare(link->state, CHANNEL, amqp_cstring_bytes(name),
                          amqp_cstring_bytes(names[type]), 0, 1, 0, 0, amqp_empty_table);
    return queue_link_check_last(link);
}

int queue_link_count(struct queue_link *link, const char *name, int64_t *ret_count)
{
    amqp_channel_open(link->state, CHANNEL_ASKED);
    int error = queue_link_check_last(link);
    if (error < 0)
        return error;
    const amqp_queue_declare_ok_t *found = amqp_queue_declare(
        link->state, CHANNEL_ASKED, amqp_cstring_bytes(name), 1, 0, 0, 0, amqp_empty_table);
    amqp_rpc_reply_t reply = amqp_get_rpc_reply(link->state);
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION &&
        reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD &&
        ((const amqp_channel_close_t *)reply.reply.decoded)->reply_code == AMQP_NOT_FOUND) {
        amqp_channel_close_ok_t goodbye = {0};
        int status =
            amqp_send_method(link->state, CHANNEL_ASKED, AMQP_CHANNEL_CLOSE_OK_METHOD, &goodbye);
        return status == AMQP_STATUS_OK ? ERROR_NOT_FOUND : queue_link_fail_status(link, status);
    }
    error = queue_link_check(link, reply);
    if (error < 0)
        return error;
    *ret_count = found->message_count;
    return queue_link_check(link,
                            amqp_channel_close(link->state, CHANNEL_ASKED, AMQP_REPLY_SUCCESS));
}

static amqp_table_entry_t text_argument(const char *name, const char *value)
{
    return (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(value)},
    };
}

static amqp_table_entry_t number_argument(const char *name, int value)
{
    return (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = {.kind = AMQP_FIELD_KIND_I32, .value.i32 = value},
    };
}

static int create_queue(struct queue_link *link, const struct queue_declaration *declaration)
{
    amqp_table_entry_t entries[4];
    amqp_table_t arguments = {.entries = entries};
    entries[arguments.num_entries++] = text_argument("x-queue-type", "quorum");
    if (declaration->dead_letters != NULL)
        entries[arguments.num_entries++] =
            text_argument("x-dead-letter-exchange", declaration->dead_letters);
    if (declaration->delivery_limit > 0)
        entries[arguments.num_entries++] =
            number_argument("x-delivery-limit", declaration->delivery_limit);
    if (declaration->length_limit > 0)
        entries[arguments.num_entries++] =
            number_argument("x-max-length", declaration->length_limit);
    amqp_queue_declare(link->state, CHANNEL, amqp_cstring_bytes(declaration->name), 0, 1, 0, 0,
                       arguments);
    return queue_link_check_last(link);
}

int queue_link_declare(struct queue_link *link, const struct queue_declaration *declaration)
{
    int64_t count;
    int found = queue_link_count(link, declaration->name, &count);
    int error = found == ERROR_NOT_FOUND ? create_queue(link, declaration) : found;
    if (error < 0)
        return error;
    amqp_queue_bind(link->state, CHANNEL, amqp_cstring_bytes(declaration->name),
                    amqp_cstring_bytes(declaration->exchange), amqp_cstring_bytes(declaration->key),
                    amqp_empty_table);
    error = queue_link_check_last(link);
    return error < 0 ? error : found == 0;
}
