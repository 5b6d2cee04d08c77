/*
 * live_replay.c: what listeners have missed, from the log.
 *
 * One fiber a loop, which is there while somebody waits for it. It serves them in turn: a part of
 * the log is read for one, what they may hear of it is sent, and they go to the end of the list, or
 * out of it while they have not taken what they were sent: then `drained` brings them back. A
 * listener may go while its part is read; loop->served tells.
 */
#include "api/listener.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "runtime/fiber.h"
#include "runtime/wait.h"

enum { PART = 100 }; /* rows */

#define RETRY_DELAY (CLOCK_SECOND / 4)

struct part {
    struct arena arena;
    int64_t after;
    int64_t until;
    struct feed_part rows;
};

static int run_read(struct db_connection *connection, void *argument)
{
    struct part *part = argument;
    arena_release(&part->arena);
    return feed_read(connection, &part->arena, part->after, part->until, PART, &part->rows);
}

static void enlist(struct listener *listener)
{
    struct live_loop *loop = listener->loop;
    if (listener->awaits_replay)
        return;
    listener->awaits_replay = true;
    listener->next_replay = NULL;
    if (loop->first_replay == NULL)
        loop->first_replay = listener;
    else
        loop->last_replay->next_replay = listener;
    loop->last_replay = listener;
}

static struct listener *take_first(struct live_loop *loop)
{
    struct listener *listener = loop->first_replay;
    if (listener == NULL)
        return NULL;
    loop->first_replay = listener->next_replay;
    if (loop->first_replay == NULL)
        loop->last_replay = NULL;
    listener->awaits_replay = false;
    return listener;
}

static void send_rows(struct listener *listener, const struct feed_part *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct feed_event *event = &rows->events[i];
        bool farewell = false;
        if (!listener_hears(listener, event, &farewell))
            continue;
        struct live_message message = {
            event->seq, farewell ? event->farewell : event->message, {NULL}};
        listener_send(listener, &message);
        live_message_release(&message);
    }
}

static void go_on(struct listener *listener, const struct part *part)
{
    struct live_loop *loop = listener->loop;
    const struct config *config = loop->live->services->config;
    send_rows(listener, &part->rows);
    /* Fewer rows than there was room for: there are no more. */
    listener->seq = part->rows.count < PART ? part->until : part->rows.last;
    channel_flush(listener->channel);
    /* Not live before it has room: what it is too slow for then is dropped, here it waits in the
     * log. */
    if (channel_waiting(listener->channel) > (size_t)config->live_queue_size)
        return;
    if (listener->seq >= loop->position)
        listener->state = LISTENER_LIVE;
    else
        enlist(listener);
}

static void serve(struct live_loop *loop, struct listener *listener)
{
    struct part part = {.after = listener->seq, .until = loop->position};
    arena_init(&part.arena);
    loop->served = listener;
    int error = db_read(loop->live->services->db, DB_HEAVY, run_read, &part);
    listener = loop->served; /* NULL when it went meanwhile */
    loop->served = NULL;
    if (error < 0) {
        if (error != ERROR_BUSY)
            log_error("missed changes cannot be read: %s; trying again", error_text(error));
        if (listener != NULL)
            enlist(listener);
        wait_timer(clock_monotonic() + RETRY_DELAY);
    } else if (listener != NULL) {
        go_on(listener, &part);
    }
    arena_release(&part.arena);
}

static void replay_all(void *argument)
{
    struct live_loop *loop = argument;
    struct listener *listener;
    while ((listener = take_first(loop)) != NULL)
        serve(loop, listener);
    loop->is_replaying = false;
}

void live_replay(struct listener *listener)
{
    struct live_loop *loop = listener->loop;
    if (loop->served == listener)
        return; /* its part is on the way */
    enlist(listener);
    if (loop->is_replaying)
        return;
    loop->is_replaying = true;
    fiber_start(replay_all, loop);
}
