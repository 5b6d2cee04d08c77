/*
 * loop.h: one event loop a thread.
 *
 * A loop owns an epoll descriptor, a heap of timers, the fibers that are ready to go on, and a
 * list through which other threads hand it work. It shares nothing with other loops.
 *
 * One turn:  epoll_wait -> watches -> posts -> timers -> ready fibers -> hooks
 *
 * Every function is for the loop's own thread, but for loop_post and loop_stop. Watches, timers,
 * posts and hooks are embedded in their owner's structure and borrowed by the loop while active.
 */
#ifndef ERRAND_RUNTIME_LOOP_H
#define ERRAND_RUNTIME_LOOP_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct fiber;

/* A descriptor to watch; `ready` is called with the epoll events that hold. */
struct loop_watch {
    int descriptor;
    void (*ready)(struct loop_watch *watch, uint32_t events);
};

/* A moment to wait for, in clock_monotonic() microseconds. Zeroed when not running. */
struct loop_timer {
    int64_t when;
    size_t position; /* in the heap, from 1; 0 when not running */
    void (*expired)(struct loop_timer *timer);
};

/* A piece of work handed to a loop by any thread. */
struct loop_post {
    struct loop_post *next;
    void (*run)(struct loop_post *post);
};

/* Something to do in every turn, first registered first. It returns how many microseconds the loop
 * may sleep as far as the hook is concerned: 0 for more work at once, LOOP_FOREVER for none. */
struct loop_hook {
    struct loop_hook *next;
    int64_t (*run)(struct loop_hook *hook);
};

#define LOOP_FOREVER INT64_MAX

/* loop_create: a new loop with the index it goes by in logs and per-loop tables. ERROR_IO. */
int loop_create(struct loop **ret_loop, unsigned index);

/* loop_free: releases a loop that no longer runs. Takes NULL. */
void loop_free(struct loop *loop);

/* loop_run: turns until loop_stop, in the calling thread, which becomes the loop's own. */
void loop_run(struct loop *loop);

/* loop_stop: makes loop_run return after the turn it is in. Any thread. */
void loop_stop(struct loop *loop);

/* loop_current: the loop of this thread, or NULL outside one. */
struct loop *loop_current(void);
unsigned loop_index(const struct loop *loop);

/* loop_watch_start: reports `events` (EPOLLIN...) of watch->descriptor until loop_watch_stop.
 * ERROR_IO when the kernel refuses. */
int loop_watch_start(struct loop *loop, struct loop_watch *watch, uint32_t events);
void loop_watch_stop(struct loop *loop, struct loop_watch *watch);

/* loop_timer_start: calls timer->expired once at `when`; moves a timer that runs already. */
void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t when);
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

/* loop_post: runs post->run in the loop's thread in one of its next turns. Any thread. */
void loop_post(struct loop *loop, struct loop_post *post);

void loop_hook_add(struct loop *loop, struct loop_hook *hook);

/* loop_ready: puts a parked fiber at the end of those that go on in this turn. For fiber.c. */
void loop_ready(struct loop *loop, struct fiber *fiber);

#endif
