#include "api/live.h"

#include <stdlib.h>

#include "api/listener.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/container.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "domain/user.h"

enum { REASON_LIMIT = 64 };

static const struct text token_expired = {"token expired", sizeof "token expired" - 1};
static const struct text token_revoked = {"token revoked", sizeof "token revoked" - 1};

static struct live_loop *loop_of(const struct application *application)
{
    return &application->live->loops[loop_index(loop_current())];
}

/* Handing out. */

static void hand_to(struct listener *listener, const struct feed_event *event,
                    struct live_message *message, struct live_message *farewell)
{
    bool only_farewell = false;
    if (listener->state < LISTENER_LIVE || event->seq <= listener->seq ||
        !listener_hears(listener, event, &only_farewell))
        return;
    listener_send(listener, only_farewell ? farewell : message);
}

static void hand_to_group(struct listener *group, int64_t user_id, const struct feed_event *event,
                          struct live_message *message, struct live_message *farewell)
{
    for (struct listener *listener = group; listener != NULL; listener = listener->next_of_group) {
        if (user_id == FIELD_INTEGER_NULL || listener->user_id == user_id)
            hand_to(listener, event, message, farewell);
    }
}

static void hand_out(struct live_loop *loop, const struct feed_event *event)
{
    struct live_message message = {.seq = event->seq, .text = event->message};
    struct live_message farewell = {.seq = event->seq, .text = event->farewell};
    const int64_t users[] = {
        event->owner_id,
        event->assignee_id == event->owner_id ? FIELD_INTEGER_NULL : event->assignee_id,
        event->former_id,
    };
    hand_to_group(loop->admins, FIELD_INTEGER_NULL, event, &message, &farewell);
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        if (users[i] != FIELD_INTEGER_NULL)
            hand_to_group(*listener_bucket(loop, users[i]), users[i], event, &message, &farewell);
    }
    live_message_release(&message);
    live_message_release(&farewell);
}

/* An account changed: its connections stand and fall with it. */
static void apply_to_account(struct live_loop *loop, const struct feed_event *event)
{
    struct listener *const groups[] = {loop->admins, *listener_bucket(loop, event->account_id)};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        struct listener *next;
        for (struct listener *listener = groups[i]; listener != NULL; listener = next) {
            next = listener->next_of_group;
            if (listener->user_id != event->account_id)
                continue;
            if (!event->account_is_active || listener->generation != event->account_generation)
                listener_end(listener, CHANNEL_POLICY, token_revoked);
            else
                listener_set_admin(listener, event->account_is_admin);
        }
    }
}

/* Those who were there have missed rows that nobody has read. */
static void replay_to_all(struct live_loop *loop)
{
    struct listener *next;
    for (struct listener *listener = loop->first; listener != NULL; listener = next) {
        next = listener->next;
        if (listener->state != LISTENER_LIVE || listener->seq >= loop->position)
            continue;
        listener->state = LISTENER_REPLAYING;
        live_replay(listener);
    }
}

static void take_batch(struct live_loop *loop, const struct feed_batch *batch)
{
    if (!batch->is_whole) {
        int64_t before = loop->position;
        loop->position = batch->position;
        for (struct listener *listener = loop->first; listener != NULL; listener = listener->next) {
            if (listener->state == LISTENER_LIVE && listener->seq < before)
                listener->seq = before;
        }
        replay_to_all(loop);
        return;
    }
    int64_t now = clock_now();
    for (size_t i = 0; i < batch->part.count; i++) {
        const struct feed_event *event = &batch->part.events[i];
        loop->position = event->seq;
        if (event->account_id != 0)
            apply_to_account(loop, event);
        if (event->message.data == NULL)
            continue;
        hand_out(loop, event);
        live_count(&loop->counters.changes, 1);
        live_count(&loop->counters.age, now > event->at ? (uint64_t)(now - event->at) : 0);
    }
    loop->position = batch->position;
}

static void free_delivery(struct live_delivery *delivery)
{
    feed_batch_release(delivery->batch);
    free(delivery);
}

static struct live_delivery *take_deliveries(struct live_loop *loop)
{
    struct live_delivery *deliveries = loop->deliveries;
    loop->deliveries = NULL;
    loop->last_delivery = &loop->deliveries;
    loop->posted = false;
    return deliveries;
}

static void deliver(struct loop_post *post)
{
    struct live_loop *loop = CONTAINER_OF(post, struct live_loop, post);
    pthread_mutex_lock(&loop->live->mutex);
    struct live_delivery *delivery = take_deliveries(loop);
    pthread_mutex_unlock(&loop->live->mutex);
    while (delivery != NULL) {
        struct live_delivery *next = delivery->next;
        /* Rows that came before the first listener are not of interest. */
        if (delivery->batch->position > loop->position)
            take_batch(loop, delivery->batch);
        free_delivery(delivery);
        delivery = next;
    }
}

/* In the feed's thread. */
static void receive(void *argument, struct feed_batch *batch)
{
    struct live *live = argument;
    pthread_mutex_lock(&live->mutex);
    live->position = batch->position;
    for (unsigned i = 0; i < live->loop_count; i++) {
        struct live_loop *loop = &live->loops[i];
        if (!loop->is_subscribed)
            continue;
        struct live_delivery *delivery = memory_allocate(sizeof *delivery);
        delivery->batch = batch;
        feed_batch_hold(batch);
        *loop->last_delivery = delivery;
        loop->last_delivery = &delivery->next;
        if (!loop->posted)
            loop_post(loop->loop, &loop->post);
        loop->posted = true;
    }
    pthread_mutex_unlock(&live->mutex);
}

/* Looking after them. */

static void sweep(struct loop_timer *timer)
{
    struct live_loop *loop = CONTAINER_OF(timer, struct live_loop, sweep);
    int64_t now = clock_now();
    int64_t monotonic = clock_monotonic();
    bool beats = monotonic >= loop->beat_at;
    struct listener *next;
    for (struct listener *listener = loop->first; listener != NULL; listener = next) {
        next = listener->next;
        if (listener->expires_at <= now)
            listener_end(listener, CHANNEL_POLICY, token_expired);
        else if (beats && listener->channel != NULL)
            channel_beat(listener->channel);
    }
    if (beats)
        loop->beat_at = monotonic + loop->live->services->config->live_ping * CLOCK_SECOND;
    if (loop->first != NULL)
        loop_timer_start(loop->loop, &loop->sweep, monotonic + CLOCK_SECOND);
}

static void drain(void *application)
{
    struct live_loop *loop = loop_of(application);
    pthread_mutex_lock(&loop->live->mutex);
    loop->is_draining = true;
    pthread_mutex_unlock(&loop->live->mutex);
    struct listener *next;
    for (struct listener *listener = loop->first; listener != NULL; listener = next) {
        next = listener->next;
        int64_t seq = listener->seq;
        if (listener->state == LISTENER_LIVE && seq < loop->position)
            seq = loop->position;
        char reason[REASON_LIMIT];
        struct buffer buffer;
        buffer_init_fixed(&buffer, reason, sizeof reason);
        buffer_format(&buffer, "since=%jd", (intmax_t)seq);
        listener_end(listener, CHANNEL_RESTART, buffer_text(&buffer));
    }
}

static bool is_busy(void *application)
{
    return loop_of(application)->is_replaying;
}

const struct http_lasting live_lasting = {drain, is_busy};

/* Listening. */

struct position_read {
    struct listener *listener;
    struct arena *arena;
    int64_t since;
    int64_t end;  /* what may be taken for read */
    int64_t last; /* row */
    bool is_valid;
};

/* Where it begins; and its account once more: whatever changes from here on it will hear of. */
static int run_position(struct db_connection *connection, void *argument)
{
    struct position_read *read = argument;
    struct listener *listener = read->listener;
    struct user user = {0};
    int error = user_load(connection, read->arena, listener->user_id, &user);
    if (error < 0 && error != ERROR_NOT_FOUND)
        return error;
    read->is_valid = error == 0 && user.is_active && user.token_generation == listener->generation;
    error = db_query_integer(connection, TEXT("SELECT coalesce(max(seq), 0) FROM events"),
                             DB_NO_VALUES, &read->last);
    return error < 0 ? error : feed_find_end(connection, listener->loop->position, &read->end);
}

static void open_channel(struct channel *channel, void *argument)
{
    struct listener *listener = argument;
    struct live_loop *loop = listener->loop;
    listener->channel = channel;
    channel->owner = &listener->owner;
    if (loop->is_draining)
        listener_end(listener, CHANNEL_RESTART, TEXT(""));
    else if (listener->is_void)
        listener_end(listener, CHANNEL_POLICY, token_revoked);
    else
        listener_start(listener);
}

/* The first bytes of an event stream: how long to wait before the next attempt, and the row to
 * resume from when nothing else comes. */
static void introduce(struct listener *listener)
{
    char storage[64];
    struct buffer buffer;
    buffer_init_fixed(&buffer, storage, sizeof storage);
    buffer_format(&buffer, "retry: 3000\nid: %jd\n\n", (intmax_t)listener->seq);
    struct block *block = block_create(buffer.length);
    memcpy(block->data, storage, buffer.length);
    channel_send(listener->channel, block);
    block_release(block);
}

void listener_start(struct listener *listener)
{
    struct live_loop *loop = listener->loop;
    int64_t limit = loop->live->services->config->live_replay_limit;
    if (listener->kind == CHANNEL_PUSH)
        introduce(listener);
    if (listener->must_resync || loop->position - listener->seq > limit) {
        listener_resync(listener);
    } else if (listener->seq < loop->position) {
        listener->state = LISTENER_REPLAYING;
        live_replay(listener);
    } else {
        listener->state = LISTENER_LIVE;
    }
    if (loop->sweep.position == 0)
        loop_timer_start(loop->loop, &loop->sweep, clock_monotonic() + CLOCK_SECOND);
}

/* When the request is over: the connection never became a channel. */
static void abandon(void *resource)
{
    struct listener **listener = resource;
    if (*listener != NULL)
        listener_free(*listener);
}

static void open_listener(struct channel *channel, void *argument)
{
    struct listener **listener = argument;
    struct listener *opened = *listener;
    *listener = NULL;
    open_channel(channel, opened);
}

int live_listen(struct request *request, enum channel_kind kind, int64_t since)
{
    struct live_loop *loop = loop_of(request->application);
    struct listener **listener = arena_allocate_zeroed(&request->arena, sizeof(struct listener *));
    arena_defer(&request->arena, abandon, listener);
    loop->loop = loop_current();
    int error = listener_create(loop, &request->identity, kind, listener);
    if (error < 0)
        return error;
    struct position_read read = {*listener, &request->arena, since, 0, 0, false};
    error = db_read(loop->live->services->db, DB_LIGHT, run_position, &read);
    if (error < 0)
        return error;
    if (loop->is_draining)
        return ERROR_UNAVAILABLE;
    if (!read.is_valid || (*listener)->is_void)
        return ERROR_UNAUTHORIZED;
    (*listener)->must_resync = since > read.last;
    (*listener)->seq = since == FIELD_INTEGER_NULL || since > read.last ? read.end : since;
    if (kind == CHANNEL_WEBSOCKET)
        return reply_websocket(request, open_listener, listener);
    return reply_push(request, "text/event-stream", open_listener, listener);
}

/* All of it. */

static uint64_t sum(const struct live *live, size_t offset)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < live->loop_count; i++) {
        const char *counters = (const char *)&live->loops[i].counters;
        total += atomic_load_explicit((const _Atomic uint64_t *)(counters + offset),
                                      memory_order_relaxed);
    }
    return total;
}

static void write_by_kind(const struct live *live, const char *name, const char *type,
                          const char *help, size_t offset, struct buffer *out)
{
    static const char *const kinds[CHANNEL_KINDS] = {"websocket", "events"};
    buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    for (enum channel_kind kind = 0; kind < CHANNEL_KINDS; kind++)
        buffer_format(out, "%s{kind=\"%s\"} %ju\n", name, kinds[kind],
                      (uintmax_t)sum(live, offset + kind * sizeof(uint64_t)));
}

static void write_counter(const struct live *live, const char *name, const char *help,
                          size_t offset, struct buffer *out)
{
    buffer_format(out, "# HELP %s %s\n# TYPE %s counter\n%s %ju\n", name, help, name, name,
                  (uintmax_t)sum(live, offset));
}

#define AT(member) offsetof(struct live_counters, member)

void live_write_metrics(const struct live *live, struct buffer *out)
{
    write_by_kind(live, "live_connections", "gauge", "Open connections that listen to changes.",
                  AT(listeners), out);
    write_by_kind(live, "live_messages_total", "counter", "Messages sent to them.", AT(messages),
                  out);
    write_counter(live, "live_dropped_total", "Messages that slow listeners did not get.",
                  AT(dropped), out);
    write_counter(live, "live_resyncs_total", "Listeners told to read everything anew.",
                  AT(resyncs), out);
    uint64_t age = sum(live, AT(age));
    buffer_format(out,
                  "# HELP live_lag_seconds From a change to its way out to those who listen.\n"
                  "# TYPE live_lag_seconds summary\n"
                  "live_lag_seconds_sum %ju.%06ju\nlive_lag_seconds_count %ju\n",
                  (uintmax_t)(age / 1000000), (uintmax_t)(age % 1000000),
                  (uintmax_t)sum(live, AT(changes)));
}

struct live *live_create(struct services *services, unsigned loops)
{
    struct live *live = memory_allocate(sizeof *live + loops * sizeof(struct live_loop));
    live->services = services;
    live->loop_count = loops;
    live->feed = feed_create(services, receive, live);
    pthread_mutex_init(&live->mutex, NULL);
    for (unsigned i = 0; i < loops; i++) {
        struct live_loop *loop = &live->loops[i];
        loop->live = live;
        loop->sweep.expired = sweep;
        loop->post.run = deliver;
        loop->last_delivery = &loop->deliveries;
    }
    return live;
}

int live_start(struct live *live)
{
    return feed_start(live->feed, &live->position);
}

void live_stop(struct live *live)
{
    feed_stop(live->feed);
}

void live_free(struct live *live)
{
    for (unsigned i = 0; i < live->loop_count; i++) {
        struct live_delivery *delivery = take_deliveries(&live->loops[i]);
        while (delivery != NULL) {
            struct live_delivery *next = delivery->next;
            free_delivery(delivery);
            delivery = next;
        }
    }
    feed_free(live->feed);
    pthread_mutex_destroy(&live->mutex);
    free(live);
}
