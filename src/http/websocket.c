#include "http/websocket.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/socket.h"

enum {
    MESSAGE_LIMIT = 16384,    /* bytes of a message of the client */
    CONTROL_LIMIT = 125,      /* bytes of a control frame's payload */
    INPUT_A_TURN = 65536,     /* bytes of one client that are read before others have their turn */
    CONTROL_WAITING = 262144, /* bytes that may wait when a client asks for more answers */
    FIN = 0x80,
};

#define CLOSE_TIMEOUT (5 * CLOCK_SECOND)

struct websocket {
    struct channel channel;
    struct websockets *set;
    struct websocket *previous; /* in the list of its state */
    struct websocket *next;
    struct websocket *next_unsent;
    struct loop_watch watch;
    enum websocket_state state;
    int64_t since; /* clock_monotonic() of the state, or of the last ping while OPEN */
    struct wslay_event_context *parser; /* NULL between messages */
    struct block *early;                /* input that came with the handshake; NULL once read */
    size_t early_taken;
    uint64_t received; /* bytes that the parser has taken */
    uint64_t parsed;   /* bytes of frames that have come to their end */
    uint64_t frame;    /* length of the frame that has begun */
    size_t budget;     /* bytes that may still be read in this turn */
    bool in_message;   /* a fragmented message has begun */
    bool heard;        /* since the last ping */
    bool is_unsent;
    bool is_blocked;  /* the socket is full: we wait until it can be written to */
    bool is_finished; /* nothing more is expected from the client */
    bool is_lost;     /* the client is gone */
};

/* Lists. */

static void list_remove(struct websocket_list *list, struct websocket *websocket)
{
    if (websocket->previous != NULL)
        websocket->previous->next = websocket->next;
    else
        list->first = websocket->next;
    if (websocket->next != NULL)
        websocket->next->previous = websocket->previous;
    else
        list->last = websocket->previous;
}

static void list_add(struct websocket_list *list, struct websocket *websocket)
{
    websocket->previous = list->last;
    websocket->next = NULL;
    if (list->last != NULL)
        list->last->next = websocket;
    else
        list->first = websocket;
    list->last = websocket;
}

static void enter(struct websocket *websocket, enum websocket_state state)
{
    list_remove(&websocket->set->lists[websocket->state], websocket);
    websocket->state = state;
    websocket->since = clock_monotonic();
    list_add(&websocket->set->lists[state], websocket);
}

static void release_parser(struct websocket *websocket)
{
    if (websocket->parser != NULL)
        wslay_event_context_free(websocket->parser);
    websocket->parser = NULL;
    websocket->received = websocket->parsed = 0;
}

static void end(struct websocket *websocket)
{
    if (websocket->state == WEBSOCKET_GONE)
        return;
    loop_watch_stop(websocket->set->loop, &websocket->watch);
    close(websocket->watch.descriptor);
    outbox_clear(&websocket->channel.outbox);
    block_release(websocket->early);
    websocket->early = NULL;
    enter(websocket, WEBSOCKET_GONE);
    websocket->set->count--;
    channel_tell_closed(&websocket->channel);
}

/* Sending. */

/* The header of a frame of ours, which is whole and has no mask; returns its length. */
static size_t frame_header(unsigned opcode, size_t length, char header[static 10])
{
    header[0] = (char)(FIN | opcode);
    if (length < 126) {
        header[1] = (char)length;
        return 2;
    }
    size_t bytes = length < 65536 ? 2 : 8;
    header[1] = bytes == 2 ? 126 : 127;
    for (size_t i = 0; i < bytes; i++)
        header[2 + i] = (char)(length >> 8 * (bytes - 1 - i) & 0xff);
    return 2 + bytes;
}

static struct block *make_frame(unsigned opcode, struct text payload)
{
    char header[10];
    size_t length = frame_header(opcode, payload.length, header);
    struct block *block = block_create(length + payload.length);
    memcpy(block->data, header, length);
    if (payload.length > 0)
        memcpy(block->data + length, payload.data, payload.length);
    return block;
}

struct block *websocket_frame(struct text text)
{
    return make_frame(WSLAY_TEXT_FRAME, text);
}

static void note_unsent(struct websocket *websocket)
{
    if (websocket->is_unsent || websocket->is_blocked)
        return;
    websocket->is_unsent = true;
    websocket->next_unsent = websocket->set->unsent;
    websocket->set->unsent = websocket;
}

static void watch(struct websocket *websocket, bool output)
{
    struct loop *loop = websocket->set->loop;
    if (websocket->is_blocked == output)
        return;
    websocket->is_blocked = output;
    loop_watch_stop(loop, &websocket->watch);
    if (loop_watch_start(loop, &websocket->watch, output ? EPOLLIN | EPOLLOUT : EPOLLIN) < 0)
        websocket->is_lost = true;
}

static void send_waiting(struct websocket *websocket)
{
    struct outbox *outbox = &websocket->channel.outbox;
    if (websocket->is_lost || websocket->state >= WEBSOCKET_LINGERING)
        return;
    if (outbox_send(outbox, websocket->watch.descriptor) < 0)
        websocket->is_lost = true;
    else
        watch(websocket, outbox->bytes > 0);
}

/* Once both Close frames are through, or ours when the client is not to be trusted: the client
 * shuts its side when it sees ours shut, or is given up. */
static void advance(struct websocket *websocket)
{
    if (websocket->is_lost) {
        end(websocket);
    } else if (websocket->state == WEBSOCKET_CLOSING && websocket->is_finished &&
               websocket->channel.outbox.bytes == 0) {
        shutdown(websocket->watch.descriptor, SHUT_WR);
        enter(websocket, WEBSOCKET_LINGERING);
    }
}

static struct websocket *websocket_of(struct channel *channel)
{
    return CONTAINER_OF(channel, struct websocket, channel);
}

static void send_block(struct channel *channel, struct block *block)
{
    struct websocket *websocket = websocket_of(channel);
    if (websocket->state != WEBSOCKET_OPEN)
        return;
    outbox_add(&channel->outbox, block);
    note_unsent(websocket);
}

static void beat(struct channel *channel)
{
    (void)channel; /* pings do */
}

static void flush(struct channel *channel)
{
    send_waiting(websocket_of(channel));
}

static void queue_frame(struct websocket *websocket, unsigned opcode, struct text payload)
{
    struct block *block = make_frame(opcode, payload);
    outbox_add(&websocket->channel.outbox, block);
    block_release(block);
    note_unsent(websocket);
}

static void close_orderly(struct channel *channel, enum channel_code code, struct text reason)
{
    struct websocket *websocket = websocket_of(channel);
    if (websocket->state != WEBSOCKET_OPEN)
        return;
    char storage[CONTROL_LIMIT];
    struct buffer payload;
    buffer_init_fixed(&payload, storage, sizeof storage);
    buffer_add_char(&payload, (char)(code >> 8));
    buffer_add_char(&payload, (char)(code & 0xff));
    buffer_add_text(&payload, reason);
    queue_frame(websocket, WSLAY_CONNECTION_CLOSE, buffer_text(&payload));
    enter(websocket, WEBSOCKET_CLOSING);
}

static const struct channel_functions functions = {
    CHANNEL_WEBSOCKET, send_block, beat, flush, close_orderly,
};

/* Reading: wslay's callbacks. */

static ssize_t take_early(struct websocket *websocket, uint8_t *bytes, size_t size)
{
    size_t left = websocket->early->length - websocket->early_taken;
    size_t length = left < size ? left : size;
    memcpy(bytes, websocket->early->data + websocket->early_taken, length);
    websocket->early_taken += length;
    if (length == left) {
        block_release(websocket->early);
        websocket->early = NULL;
    }
    return (ssize_t)length;
}

/* Bytes that are there: their number; 0 when there are none now, -1 when there will be no more. */
static ssize_t take_input(struct websocket *websocket, uint8_t *bytes, size_t size)
{
    if (websocket->early != NULL)
        return take_early(websocket, bytes, size);
    if (websocket->budget == 0)
        return 0;
    ssize_t length = recv(websocket->watch.descriptor, bytes,
                          size < websocket->budget ? size : websocket->budget, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return 0;
    if (length <= 0)
        return -1;
    websocket->budget -= (size_t)length;
    websocket->heard = true;
    return length;
}

static ssize_t receive(wslay_event_context_ptr parser, uint8_t *bytes, size_t size, int flags,
                       void *context)
{
    (void)flags;
    struct websocket *websocket = context;
    ssize_t length = take_input(websocket, bytes, size);
    if (length > 0) {
        websocket->received += (uint64_t)length;
        return length;
    }
    websocket->is_lost = length < 0;
    wslay_event_set_error(parser, length < 0 ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
    return -1;
}

/* wslay answers pings and Close frames; nothing may follow a Close frame of ours. */
static ssize_t answer(wslay_event_context_ptr parser, const uint8_t *bytes, size_t size, int flags,
                      void *context)
{
    (void)flags;
    struct websocket *websocket = context;
    if (websocket->channel.outbox.bytes > CONTROL_WAITING) {
        wslay_event_set_error(parser, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    if (websocket->state == WEBSOCKET_OPEN) {
        outbox_add_bytes(&websocket->channel.outbox, bytes, size);
        note_unsent(websocket);
    }
    return (ssize_t)size;
}

/* How long the frame is on its way: the header that a client's frame has, and its payload. */
static void frame_begins(wslay_event_context_ptr parser,
                         const struct wslay_event_on_frame_recv_start_arg *frame, void *context)
{
    (void)parser;
    struct websocket *websocket = context;
    uint64_t length = frame->payload_length;
    websocket->frame = 2 + (length < 126 ? 0U : length < 65536 ? 2U : 8U) + 4 + length;
    if (!wslay_is_ctrl_frame(frame->opcode))
        websocket->in_message = !frame->fin;
}

static void frame_ends(wslay_event_context_ptr parser, void *context)
{
    (void)parser;
    struct websocket *websocket = context;
    websocket->parsed += websocket->frame;
}

static const struct wslay_event_callbacks callbacks = {
    .recv_callback = receive,
    .send_callback = answer,
    .on_frame_recv_start_callback = frame_begins,
    .on_frame_recv_end_callback = frame_ends,
};

static void discard_input(struct websocket *websocket)
{
    uint8_t bytes[4096];
    ssize_t length = 1;
    while (length > 0)
        length = take_input(websocket, bytes, sizeof bytes);
    websocket->is_lost = length < 0;
}

/* Queues wslay's answers, and sees whether the connection comes to its end. */
static int take_answers(struct websocket *websocket)
{
    wslay_event_context_ptr parser = websocket->parser;
    if (wslay_event_want_write(parser) && wslay_event_send(parser) < 0)
        return -1;
    websocket->is_finished =
        wslay_event_get_close_received(parser) || !wslay_event_get_read_enabled(parser);
    return 0;
}

static void parse_input(struct websocket *websocket)
{
    if (websocket->parser == NULL) {
        if (wslay_event_context_server_init(&websocket->parser, &callbacks, websocket) < 0)
            memory_exhausted(sizeof *websocket);
        wslay_event_config_set_max_recv_msg_length(websocket->parser, MESSAGE_LIMIT);
    }
    int result = wslay_event_recv(websocket->parser);
    if (result < 0 && !websocket->is_lost) {
        /* A frame that it cannot read: it says so by nothing but this. */
        websocket->is_finished = true;
        close_orderly(&websocket->channel, CHANNEL_PROTOCOL, TEXT(""));
        channel_tell_closed(&websocket->channel);
    } else if (result < 0 || take_answers(websocket) < 0) {
        websocket->is_lost = true;
    } else if (websocket->is_finished && websocket->state == WEBSOCKET_OPEN) {
        enter(websocket, WEBSOCKET_CLOSING);
        channel_tell_closed(&websocket->channel);
    }
    bool at_rest = websocket->received == websocket->parsed && !websocket->in_message;
    if (at_rest || websocket->is_finished)
        release_parser(websocket);
}

static void ready(struct loop_watch *watched, uint32_t events)
{
    struct websocket *websocket = CONTAINER_OF(watched, struct websocket, watch);
    if (websocket->state == WEBSOCKET_GONE)
        return;
    websocket->budget = INPUT_A_TURN;
    if ((events & EPOLLOUT) != 0) {
        send_waiting(websocket);
        if (!websocket->is_blocked && !websocket->is_lost && websocket->channel.owner != NULL)
            websocket->channel.owner->drained(websocket->channel.owner);
    }
    if ((events & ~(uint32_t)EPOLLOUT) != 0 && !websocket->is_lost) {
        if (websocket->is_finished)
            discard_input(websocket);
        else
            parse_input(websocket);
    }
    advance(websocket);
}

/* All of them. */

void websockets_open(struct websockets *websockets, int descriptor, struct text early,
                     channel_opened *opened, void *argument)
{
    struct websocket *websocket = memory_allocate(sizeof *websocket);
    *websocket = (struct websocket){
        .channel = {.functions = &functions},
        .set = websockets,
        .watch = {descriptor, ready},
        .since = clock_monotonic(),
        .heard = true,
    };
    list_add(&websockets->lists[WEBSOCKET_OPEN], websocket);
    websockets->count++;
    socket_limit_sending(descriptor);
    socket_send_at_once(descriptor);
    if (early.length > 0) {
        websocket->early = block_create(early.length);
        memcpy(websocket->early->data, early.data, early.length);
    }
    websocket->is_lost = loop_watch_start(websockets->loop, &websocket->watch, EPOLLIN) < 0;
    opened(&websocket->channel, argument);
    if (websocket->is_lost || early.length > 0)
        ready(&websocket->watch, EPOLLIN);
}

void websockets_settle(struct websockets *websockets)
{
    while (websockets->unsent != NULL) {
        struct websocket *websocket = websockets->unsent;
        websockets->unsent = websocket->next_unsent;
        websocket->is_unsent = false;
        /* One that is blocked hears when it can send; its owner would not hear from here. */
        if (!websocket->is_blocked)
            send_waiting(websocket);
        advance(websocket);
    }
    struct websocket *gone = websockets->lists[WEBSOCKET_GONE].first;
    websockets->lists[WEBSOCKET_GONE] = (struct websocket_list){NULL, NULL};
    while (gone != NULL) {
        struct websocket *next = gone->next;
        release_parser(gone);
        free(gone);
        gone = next;
    }
}

void websockets_sweep(struct websockets *websockets, int64_t now)
{
    const struct websocket_list *open = &websockets->lists[WEBSOCKET_OPEN];
    while (open->first != NULL && open->first->since + websockets->ping_interval <= now) {
        struct websocket *websocket = open->first;
        if (!websocket->heard) {
            log_debug("websocket: no answer to a ping");
            end(websocket);
            continue;
        }
        websocket->heard = false;
        queue_frame(websocket, WSLAY_PING, TEXT(""));
        enter(websocket, WEBSOCKET_OPEN);
    }
    for (enum websocket_state state = WEBSOCKET_CLOSING; state <= WEBSOCKET_LINGERING; state++) {
        const struct websocket_list *list = &websockets->lists[state];
        while (list->first != NULL && list->first->since + CLOSE_TIMEOUT <= now)
            end(list->first);
    }
}

void websockets_abort(struct websockets *websockets)
{
    for (enum websocket_state state = WEBSOCKET_OPEN; state < WEBSOCKET_GONE; state++) {
        while (websockets->lists[state].first != NULL)
            end(websockets->lists[state].first);
    }
}
