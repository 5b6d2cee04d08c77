#include "runtime/loop.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "runtime/fiber.h"
#include "runtime/timer_heap.h"

enum { EVENTS_A_TURN = 64 };

struct loop {
    int epoll;
    int wake; /* eventfd: readable while `posts` has something new */
    unsigned index;
    struct loop_watch wake_watch;
    struct timer_heap timers;
    struct loop_hook *hooks;
    struct fiber_queue ready;
    int64_t hook_sleep;
    _Atomic(struct loop_post *) posts; /* newest first */
    atomic_bool stopping;
};

static _Thread_local struct loop *current;

struct loop *loop_current(void)
{
    return current;
}

unsigned loop_index(const struct loop *loop)
{
    return loop->index;
}

static void wake_ready(struct loop_watch *watch, uint32_t events)
{
    (void)events;
    uint64_t count;
    /* Only the flag matters; EAGAIN means that somebody has cleared it already. */
    ssize_t got = read(watch->descriptor, &count, sizeof count);
    (void)got;
}

int loop_create(struct loop **ret_loop, unsigned index)
{
    struct loop *loop = memory_allocate(sizeof *loop);
    loop->index = index;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->wake_watch = (struct loop_watch){loop->wake, wake_ready};
    if (loop->epoll < 0 || loop->wake < 0 ||
        loop_watch_start(loop, &loop->wake_watch, EPOLLIN) < 0) {
        loop_free(loop);
        return ERROR_IO;
    }
    *ret_loop = loop;
    return 0;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    if (loop->wake >= 0)
        close(loop->wake);
    if (loop->epoll >= 0)
        close(loop->epoll);
    timer_heap_release(&loop->timers);
    free(loop);
}

int loop_watch_start(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->descriptor, &event) < 0 ? ERROR_IO : 0;
}

void loop_watch_stop(struct loop *loop, struct loop_watch *watch)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->descriptor, NULL);
}

void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t when)
{
    timer_heap_remove(&loop->timers, timer);
    timer->when = when;
    timer_heap_add(&loop->timers, timer);
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
    timer_heap_remove(&loop->timers, timer);
}

static void wake(struct loop *loop)
{
    const uint64_t one = 1;
    /* EAGAIN means that the counter is full: the loop is about to wake anyway. */
    ssize_t written = write(loop->wake, &one, sizeof one);
    (void)written;
}

void loop_post(struct loop *loop, struct loop_post *post)
{
    struct loop_post *head = atomic_load_explicit(&loop->posts, memory_order_relaxed);
    do {
        post->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&loop->posts, &head, post, memory_order_release,
                                                    memory_order_relaxed));
    /* Whoever put the first one there has woken the loop, and it takes all. */
    if (head == NULL)
        wake(loop);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true);
    wake(loop);
}

void loop_hook_add(struct loop *loop, struct loop_hook *hook)
{
    struct loop_hook **place = &loop->hooks;
    while (*place != NULL)
        place = &(*place)->next;
    hook->next = NULL;
    *place = hook;
}

void loop_ready(struct loop *loop, struct fiber *fiber)
{
    fiber_queue_add(&loop->ready, fiber);
}

static void run_posts(struct loop *loop)
{
    struct loop_post *newest = atomic_exchange_explicit(&loop->posts, NULL, memory_order_acquire);
    struct loop_post *oldest = NULL;
    while (newest != NULL) {
        struct loop_post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        struct loop_post *next = oldest->next;
        oldest->run(oldest);
        oldest = next;
    }
}

static void run_timers(struct loop *loop)
{
    struct loop_timer *first = timer_heap_first(&loop->timers);
    if (first == NULL)
        return;
    int64_t now = clock_monotonic();
    while (first != NULL && first->when <= now) {
        timer_heap_remove(&loop->timers, first);
        first->expired(first);
        first = timer_heap_first(&loop->timers);
    }
}

static void run_hooks(struct loop *loop)
{
    loop->hook_sleep = LOOP_FOREVER;
    for (struct loop_hook *hook = loop->hooks; hook != NULL; hook = hook->next) {
        int64_t sleep = hook->run(hook);
        if (sleep < loop->hook_sleep)
            loop->hook_sleep = sleep;
    }
}

/* How long epoll_wait may sleep, in its milliseconds; rounded up, so that no timer is met early
 * and spun on. */
static int sleep_milliseconds(struct loop *loop)
{
    int64_t sleep = loop->hook_sleep;
    if (!fiber_queue_is_empty(&loop->ready))
        return 0;
    struct loop_timer *first = timer_heap_first(&loop->timers);
    if (first != NULL && sleep > 0) {
        int64_t left = first->when - clock_monotonic();
        if (left < sleep)
            sleep = left < 0 ? 0 : left;
    }
    if (sleep == LOOP_FOREVER)
        return -1;
    int64_t milliseconds = (sleep + CLOCK_MILLISECOND - 1) / CLOCK_MILLISECOND;
    return milliseconds > 60000 ? 60000 : (int)milliseconds;
}

static void turn(struct loop *loop)
{
    struct epoll_event events[EVENTS_A_TURN];
    int count = epoll_wait(loop->epoll, events, EVENTS_A_TURN, sleep_milliseconds(loop));
    for (int i = 0; i < count; i++) {
        struct loop_watch *watch = events[i].data.ptr;
        watch->ready(watch, events[i].events);
    }
    run_posts(loop);
    run_timers(loop);
    fiber_queue_run(&loop->ready);
    run_hooks(loop);
}

void loop_run(struct loop *loop)
{
    current = loop;
    run_hooks(loop);
    while (!atomic_load_explicit(&loop->stopping, memory_order_relaxed))
        turn(loop);
    fiber_thread_release();
    current = NULL;
}
