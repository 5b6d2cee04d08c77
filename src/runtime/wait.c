#include "runtime/wait.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/error.h"
#include "runtime/fiber.h"

/* What a fiber waits for, on its own stack. */
struct fiber_wait {
    struct loop_watch watch;
    struct loop_timer timer;
    struct fiber *fiber;
};

static void watch_ready(struct loop_watch *watch, uint32_t events)
{
    struct fiber_wait *wait = CONTAINER_OF(watch, struct fiber_wait, watch);
    fiber_wake(wait->fiber, (int)events);
}

static void timer_expired(struct loop_timer *timer)
{
    struct fiber_wait *wait = CONTAINER_OF(timer, struct fiber_wait, timer);
    fiber_wake(wait->fiber, ERROR_TIMEOUT);
}

static int park(struct fiber *fiber, bool cancellable)
{
    if (!cancellable)
        return fiber_park();
    if (fiber_is_cancelled(fiber))
        return ERROR_CANCELLED;
    fiber_set_cancellable(fiber, true);
    int result = fiber_park();
    fiber_set_cancellable(fiber, false);
    return result;
}

static int fiber_wait_fd(struct fiber *fiber, int descriptor, uint32_t events, int64_t deadline,
                         bool cancellable)
{
    struct loop *loop = fiber_loop(fiber);
    struct fiber_wait wait = {
        .watch = {descriptor, watch_ready},
        .timer = {.expired = timer_expired},
        .fiber = fiber,
    };
    if (loop_watch_start(loop, &wait.watch, events | EPOLLONESHOT) < 0)
        return ERROR_IO;
    if (deadline != WAIT_FOREVER)
        loop_timer_start(loop, &wait.timer, deadline);
    int result = park(fiber, cancellable);
    loop_timer_stop(loop, &wait.timer);
    loop_watch_stop(loop, &wait.watch);
    return result;
}

/* poll(2) until the deadline, whatever signals arrive meanwhile. */
static int block_fd(struct pollfd *watched, nfds_t count, int64_t deadline)
{
    for (;;) {
        int timeout = -1;
        if (deadline != WAIT_FOREVER) {
            int64_t left = deadline - clock_monotonic();
            int64_t milliseconds = left <= 0 ? 0 : (left + 999) / CLOCK_MILLISECOND;
            timeout = milliseconds > 60000 ? 60000 : (int)milliseconds;
        }
        int ready = poll(watched, count, timeout);
        if (ready > 0)
            return ready;
        if (ready < 0 && errno != EINTR)
            return ERROR_IO;
        if (deadline != WAIT_FOREVER && clock_monotonic() >= deadline)
            return ERROR_TIMEOUT;
    }
}

static int wait_for(int descriptor, uint32_t events, int64_t deadline, bool cancellable)
{
    struct fiber *fiber = fiber_current();
    if (fiber != NULL)
        return fiber_wait_fd(fiber, descriptor, events, deadline, cancellable);
    /* EPOLLIN, EPOLLOUT, EPOLLERR and EPOLLHUP have the values of their poll(2) namesakes. */
    struct pollfd watched = {.fd = descriptor, .events = (short)events};
    int ready = block_fd(&watched, 1, deadline);
    if (ready < 0)
        return ready;
    return (watched.revents & POLLNVAL) != 0 ? ERROR_IO : watched.revents;
}

int wait_fd(int descriptor, uint32_t events, int64_t deadline)
{
    return wait_for(descriptor, events, deadline, true);
}

int wait_fd_firmly(int descriptor, uint32_t events, int64_t deadline)
{
    return wait_for(descriptor, events, deadline, false);
}

int wait_timer(int64_t deadline)
{
    struct fiber *fiber = fiber_current();
    if (fiber == NULL) {
        int error = block_fd(NULL, 0, deadline);
        return error == ERROR_TIMEOUT ? 0 : error;
    }
    struct loop *loop = fiber_loop(fiber);
    struct fiber_wait wait = {.timer = {.expired = timer_expired}, .fiber = fiber};
    loop_timer_start(loop, &wait.timer, deadline);
    int result = park(fiber, true);
    loop_timer_stop(loop, &wait.timer);
    return result == ERROR_TIMEOUT ? 0 : result;
}

int wait_woken(void)
{
    return park(fiber_current(), true);
}

int wait_woken_firmly(void)
{
    return park(fiber_current(), false);
}

static void completion_run(struct loop_post *post)
{
    struct completion *completion = CONTAINER_OF(post, struct completion, post);
    fiber_wake(completion->fiber, completion->result);
}

void completion_init(struct completion *completion)
{
    *completion = (struct completion){.post = {.run = completion_run}, .fiber = fiber_current()};
    if (completion->fiber == NULL)
        sem_init(&completion->semaphore, 0, 0);
}

void completion_signal(struct completion *completion, int result)
{
    completion->result = result;
    if (completion->fiber != NULL)
        loop_post(fiber_loop(completion->fiber), &completion->post);
    else
        sem_post(&completion->semaphore);
}

int wait_done(struct completion *completion)
{
    if (completion->fiber != NULL)
        return fiber_park();
    while (sem_wait(&completion->semaphore) < 0 && errno == EINTR)
        continue;
    sem_destroy(&completion->semaphore);
    return completion->result;
}

static int block_until(struct completion *completion, int64_t deadline)
{
    struct timespec until = {.tv_sec = (time_t)(deadline / CLOCK_SECOND),
                             .tv_nsec = (long)(deadline % CLOCK_SECOND) * 1000};
    int waited;
    do {
        waited = sem_clockwait(&completion->semaphore, CLOCK_MONOTONIC, &until);
    } while (waited < 0 && errno == EINTR);
    if (waited < 0)
        return ERROR_TIMEOUT;
    sem_destroy(&completion->semaphore);
    return completion->result;
}

static int wait_until(struct completion *completion, int64_t deadline, bool cancellable)
{
    if (completion->fiber == NULL)
        return block_until(completion, deadline);
    struct loop *loop = fiber_loop(completion->fiber);
    struct fiber_wait wait = {.timer = {.expired = timer_expired}, .fiber = completion->fiber};
    loop_timer_start(loop, &wait.timer, deadline);
    int result = park(completion->fiber, cancellable);
    loop_timer_stop(loop, &wait.timer);
    return result;
}

int wait_done_until(struct completion *completion, int64_t deadline)
{
    return wait_until(completion, deadline, true);
}

int wait_done_firmly(struct completion *completion, int64_t deadline)
{
    return wait_until(completion, deadline, false);
}
