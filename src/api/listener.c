#include "api/listener.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/container.h"
#include "base/error.h"
#include "base/memory.h"
#include "http/websocket.h"

void live_count(_Atomic uint64_t *counter, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

static size_t hash_of(int64_t user_id)
{
    return (size_t)((uint64_t)user_id * UINT64_C(0x9e3779b97f4a7c15) >> 32) % LISTENER_BUCKETS;
}

struct listener **listener_bucket(struct live_loop *loop, int64_t user_id)
{
    return &loop->users[hash_of(user_id)];
}

/* How many there are, on all loops. */

static int admit(struct live *live, int64_t user_id)
{
    const struct config *config = live->services->config;
    struct live_user **place = &live->users[hash_of(user_id)];
    while (*place != NULL && (*place)->user_id != user_id)
        place = &(*place)->next;
    if (live->count >= (uint64_t)config->live_connections ||
        (*place != NULL && (*place)->count >= (uint64_t)config->live_per_user))
        return ERROR_BUSY;
    if (*place == NULL) {
        *place = memory_allocate(sizeof **place);
        (*place)->user_id = user_id;
    }
    (*place)->count++;
    live->count++;
    return 0;
}

static void dismiss(struct live *live, int64_t user_id)
{
    struct live_user **place = &live->users[hash_of(user_id)];
    while ((*place)->user_id != user_id)
        place = &(*place)->next;
    live->count--;
    if (--(*place)->count > 0)
        return;
    struct live_user *user = *place;
    *place = user->next;
    free(user);
}

/* Groups: the administrators, and the buckets of the others. */

static struct listener **group_of(const struct listener *listener)
{
    return listener->is_admin ? &listener->loop->admins
                              : listener_bucket(listener->loop, listener->user_id);
}

static void join_group(struct listener *listener)
{
    struct listener **group = group_of(listener);
    listener->previous_of_group = NULL;
    listener->next_of_group = *group;
    if (*group != NULL)
        (*group)->previous_of_group = listener;
    *group = listener;
}

static void leave_group(struct listener *listener)
{
    if (listener->previous_of_group != NULL)
        listener->previous_of_group->next_of_group = listener->next_of_group;
    else
        *group_of(listener) = listener->next_of_group;
    if (listener->next_of_group != NULL)
        listener->next_of_group->previous_of_group = listener->previous_of_group;
}

void listener_set_admin(struct listener *listener, bool is_admin)
{
    if (listener->is_admin == is_admin)
        return;
    leave_group(listener);
    listener->is_admin = is_admin;
    join_group(listener);
}

/* From the beginning to the end. */

static void be_closed(struct channel_owner *owner)
{
    listener_free(CONTAINER_OF(owner, struct listener, owner));
}

static void be_drained(struct channel_owner *owner)
{
    struct listener *listener = CONTAINER_OF(owner, struct listener, owner);
    if (listener->state == LISTENER_LOST)
        listener_resync(listener);
    else if (listener->state == LISTENER_REPLAYING)
        live_replay(listener);
}

int listener_create(struct live_loop *loop, const struct identity *identity, enum channel_kind kind,
                    struct listener **ret_listener)
{
    struct live *live = loop->live;
    pthread_mutex_lock(&live->mutex);
    int error = loop->is_draining ? ERROR_UNAVAILABLE : admit(live, identity->user_id);
    if (error == 0 && !loop->is_subscribed) {
        loop->is_subscribed = true;
        loop->position = live->position;
    }
    pthread_mutex_unlock(&live->mutex);
    if (error < 0)
        return error;
    struct listener *listener = memory_allocate(sizeof *listener);
    *listener = (struct listener){
        .owner = {be_drained, be_closed},
        .loop = loop,
        .kind = kind,
        .is_admin = identity->is_admin,
        .user_id = identity->user_id,
        .generation = identity->token_generation,
        .expires_at = identity->token_expires_at * CLOCK_SECOND,
        .next = loop->first,
    };
    if (loop->first != NULL)
        loop->first->previous = listener;
    loop->first = listener;
    join_group(listener);
    loop->count++;
    live_count(&loop->counters.listeners[kind], 1);
    feed_listen(live->feed, 1);
    *ret_listener = listener;
    return 0;
}

static void forget_replay(struct listener *listener)
{
    struct live_loop *loop = listener->loop;
    if (loop->served == listener)
        loop->served = NULL;
    if (!listener->awaits_replay)
        return;
    struct listener *before = NULL;
    struct listener **place = &loop->first_replay;
    while (*place != listener) {
        before = *place;
        place = &before->next_replay;
    }
    *place = listener->next_replay;
    if (loop->last_replay == listener)
        loop->last_replay = before;
}

void listener_free(struct listener *listener)
{
    struct live_loop *loop = listener->loop;
    struct live *live = loop->live;
    forget_replay(listener);
    leave_group(listener);
    if (listener->previous != NULL)
        listener->previous->next = listener->next;
    else
        loop->first = listener->next;
    if (listener->next != NULL)
        listener->next->previous = listener->previous;
    loop->count--;
    live_count(&loop->counters.listeners[listener->kind], (uint64_t)-1);
    feed_listen(live->feed, -1);
    pthread_mutex_lock(&live->mutex);
    dismiss(live, listener->user_id);
    loop->is_subscribed = loop->count > 0;
    pthread_mutex_unlock(&live->mutex);
    free(listener);
}

void listener_end(struct listener *listener, enum channel_code code, struct text reason)
{
    if (listener->channel == NULL) {
        listener->is_void = true;
        return;
    }
    channel_close(listener->channel, code, reason);
    listener_free(listener);
}

/* Messages. */

bool listener_hears(const struct listener *listener, const struct feed_event *event,
                    bool *ret_farewell)
{
    bool sees = listener->is_admin || listener->user_id == event->owner_id ||
                listener->user_id == event->assignee_id;
    *ret_farewell = !sees;
    return event->message.data != NULL && (sees || listener->user_id == event->former_id);
}

/* An event of a stream has its row as id, which a browser sends when it connects again. */
static struct block *make_block(enum channel_kind kind, int64_t seq, struct text text)
{
    if (kind == CHANNEL_WEBSOCKET)
        return websocket_frame(text);
    char head[64];
    struct buffer buffer;
    buffer_init_fixed(&buffer, head, sizeof head);
    buffer_format(&buffer, "id: %jd\ndata: ", (intmax_t)seq);
    struct block *block = block_create(buffer.length + text.length + 2);
    memcpy(block->data, head, buffer.length);
    memcpy(block->data + buffer.length, text.data, text.length);
    memcpy(block->data + buffer.length + text.length, "\n\n", 2);
    return block;
}

void live_message_release(struct live_message *message)
{
    for (enum channel_kind kind = 0; kind < CHANNEL_KINDS; kind++)
        block_release(message->blocks[kind]);
}

static void send_message(struct listener *listener, struct live_message *message)
{
    struct block **block = &message->blocks[listener->kind];
    if (*block == NULL)
        *block = make_block(listener->kind, message->seq, message->text);
    channel_send(listener->channel, *block);
    live_count(&listener->loop->counters.messages[listener->kind], 1);
}

void listener_send(struct listener *listener, struct live_message *message)
{
    const struct config *config = listener->loop->live->services->config;
    size_t limit = (size_t)config->live_queue_size;
    /* One that is lost waits to be told that all is gone, which a flush would do without telling.
     */
    if (listener->state != LISTENER_LOST && channel_waiting(listener->channel) > limit)
        channel_flush(listener->channel);
    if (listener->state == LISTENER_LIVE && channel_waiting(listener->channel) > limit)
        listener->state = LISTENER_LOST;
    if (listener->state == LISTENER_LOST)
        live_count(&listener->loop->counters.dropped, 1);
    else
        send_message(listener, message);
}

void listener_resync(struct listener *listener)
{
    struct live_loop *loop = listener->loop;
    if (listener->seq < loop->position || listener->state == LISTENER_LOST)
        listener->seq = loop->position;
    char storage[80];
    struct buffer buffer;
    buffer_init_fixed(&buffer, storage, sizeof storage);
    buffer_format(&buffer, "{\"event\":\"resync_required\",\"seq\":%jd}", (intmax_t)listener->seq);
    struct live_message message = {.seq = listener->seq, .text = buffer_text(&buffer)};
    listener->state = LISTENER_LIVE;
    send_message(listener, &message);
    live_message_release(&message);
    live_count(&loop->counters.resyncs, 1);
}
