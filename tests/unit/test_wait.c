/*
 * test_wait.c: every wait, inside a fiber and outside one: each case runs both ways.
 */
#include "runtime/wait.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/fiber.h"
#include "support.h"

/* Runs `fn` on this thread's own stack, then in a fiber, each with results of its own. */
#define BOTH_WAYS(fn, results, check)                                                              \
    do {                                                                                           \
        fn(&(results));                                                                            \
        check(&(results));                                                                         \
        memset(&(results), 0, sizeof(results));                                                    \
        run_in_fiber(fn, &(results));                                                              \
        check(&(results));                                                                         \
    } while (0)

struct fd_results {
    int empty;
    int readable;
    int writable;
    int hung_up;
    int closed;
};

static int64_t soon(void)
{
    return clock_monotonic() + CLOCK_MILLISECOND;
}

static void wait_for_a_pipe(void *argument)
{
    struct fd_results *results = argument;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return;
    results->empty = wait_fd(ends[0], EPOLLIN, soon());
    results->writable = wait_fd(ends[1], EPOLLOUT, WAIT_FOREVER);
    ssize_t written = write(ends[1], "x", 1);
    results->readable = written == 1 ? wait_fd(ends[0], EPOLLIN, WAIT_FOREVER) : 0;
    char byte;
    written = read(ends[0], &byte, 1);
    close(ends[1]);
    results->hung_up = wait_fd(ends[0], EPOLLIN, WAIT_FOREVER);
    close(ends[0]);
    results->closed = wait_fd(ends[0], EPOLLIN, soon());
}

static void check_pipe(const struct fd_results *results)
{
    assert_int_equal(results->empty, ERROR_TIMEOUT);
    assert_int_equal(results->writable, EPOLLOUT);
    assert_int_equal(results->readable, EPOLLIN);
    assert_int_equal(results->hung_up, EPOLLHUP);
}

TEST(waits_for_a_descriptor_or_its_deadline)
{
    struct fd_results results = {0};
    BOTH_WAYS(wait_for_a_pipe, results, check_pipe);
}

static void check_closed(const struct fd_results *results)
{
    assert_int_equal(results->closed, ERROR_IO);
}

TEST(a_closed_descriptor_cannot_be_waited_for)
{
    struct fd_results results = {0};
    BOTH_WAYS(wait_for_a_pipe, results, check_closed);
}

struct timer_results {
    int result;
    int past;
    bool early;
};

static void wait_for_a_moment(void *argument)
{
    struct timer_results *results = argument;
    int64_t deadline = clock_monotonic() + 3 * CLOCK_MILLISECOND;
    results->result = wait_timer(deadline);
    results->early = clock_monotonic() < deadline;
    results->past = wait_timer(0);
}

static void check_timer(const struct timer_results *results)
{
    assert_int_equal(results->result, 0);
    assert_int_equal(results->past, 0);
    assert_false(results->early);
}

TEST(a_timer_is_never_early)
{
    struct timer_results results = {0};
    BOTH_WAYS(wait_for_a_moment, results, check_timer);
}

struct signaller {
    struct completion completion;
    pthread_t thread;
    int result;
};

static void *signal_from_a_thread(void *argument)
{
    struct signaller *signaller = argument;
    completion_signal(&signaller->completion, 42);
    return NULL;
}

static void wait_for_a_thread(void *argument)
{
    struct signaller *signaller = argument;
    completion_init(&signaller->completion);
    if (pthread_create(&signaller->thread, NULL, signal_from_a_thread, signaller) != 0)
        return;
    signaller->result = wait_done(&signaller->completion);
    pthread_join(signaller->thread, NULL);
}

static void check_signaller(const struct signaller *signaller)
{
    assert_int_equal(signaller->result, 42);
}

TEST(another_thread_ends_a_wait)
{
    for (int round = 0; round < 50; round++) {
        struct signaller signaller = {0};
        BOTH_WAYS(wait_for_a_thread, signaller, check_signaller);
    }
}

static void signal_before_the_wait(void *argument)
{
    struct signaller *signaller = argument;
    completion_init(&signaller->completion);
    completion_signal(&signaller->completion, 42);
    signaller->result = wait_done(&signaller->completion);
}

TEST(a_signal_may_come_before_its_wait)
{
    struct signaller signaller = {0};
    BOTH_WAYS(signal_before_the_wait, signaller, check_signaller);
}

static struct {
    struct fiber *fiber;
    struct completion completion;
    int result;
    bool finished;
} uncancellable;

static void wait_uncancellably(void *argument)
{
    (void)argument;
    uncancellable.fiber = fiber_current();
    completion_init(&uncancellable.completion);
    uncancellable.result = wait_done(&uncancellable.completion);
    uncancellable.finished = true;
}

static void cancel_and_signal(void *argument)
{
    fiber_start(wait_uncancellably, NULL);
    wait_timer(clock_monotonic());
    fiber_cancel(uncancellable.fiber);
    wait_timer(clock_monotonic());
    *(bool *)argument = !uncancellable.finished;
    completion_signal(&uncancellable.completion, 7);
    while (!uncancellable.finished)
        wait_timer(clock_monotonic());
}

TEST(cancelling_does_not_end_a_wait_for_another_thread)
{
    bool still_waited = false;
    run_in_fiber(cancel_and_signal, &still_waited);
    assert_true(still_waited);
    assert_int_equal(uncancellable.result, 7);
}

static struct {
    int ends[2];
    struct fiber *fiber;
    int result;
} cancelled_read;

static void wait_for_nothing(void *argument)
{
    (void)argument;
    cancelled_read.fiber = fiber_current();
    cancelled_read.result = wait_fd(cancelled_read.ends[0], EPOLLIN, WAIT_FOREVER);
}

static void cancel_the_read(void *argument)
{
    (void)argument;
    fiber_start(wait_for_nothing, NULL);
    wait_timer(clock_monotonic());
    fiber_cancel(cancelled_read.fiber);
    wait_timer(clock_monotonic());
    wait_timer(clock_monotonic());
}

TEST(cancelling_ends_a_wait_for_a_descriptor)
{
    assert_int_equal(pipe2(cancelled_read.ends, O_CLOEXEC), 0);
    run_in_fiber(cancel_the_read, NULL);
    assert_int_equal(cancelled_read.result, ERROR_CANCELLED);
    close(cancelled_read.ends[0]);
    close(cancelled_read.ends[1]);
}

enum { SLEEPERS = 200 };

static struct {
    int64_t base;
    int64_t deadlines[SLEEPERS];
    int64_t order[SLEEPERS];
    size_t awake;
} sleepers;

static void sleep_until_deadline(void *argument)
{
    int64_t deadline = *(const int64_t *)argument;
    wait_timer(deadline);
    sleepers.order[sleepers.awake++] = deadline;
}

/* The deadlines all lie in the past by the time the timers run, or soon after. */
static void let_all_sleep(void *argument)
{
    (void)argument;
    struct dice dice = {21};
    sleepers.base = clock_monotonic();
    for (size_t i = 0; i < SLEEPERS; i++) {
        sleepers.deadlines[i] = sleepers.base + dice_between(&dice, 0, 20 * CLOCK_MILLISECOND);
        fiber_start(sleep_until_deadline, &sleepers.deadlines[i]);
    }
    while (sleepers.awake < SLEEPERS)
        wait_timer(clock_monotonic() + CLOCK_MILLISECOND);
}

TEST(sleepers_wake_in_the_order_of_their_deadlines)
{
    run_in_fiber(let_all_sleep, NULL);
    assert_int_equal(sleepers.awake, SLEEPERS);
    for (size_t i = 1; i < SLEEPERS; i++)
        assert_true(sleepers.order[i - 1] <= sleepers.order[i]);
}

UNIT_TESTS(cmocka_unit_test(waits_for_a_descriptor_or_its_deadline),
           cmocka_unit_test(a_closed_descriptor_cannot_be_waited_for),
           cmocka_unit_test(a_timer_is_never_early), cmocka_unit_test(another_thread_ends_a_wait),
           cmocka_unit_test(a_signal_may_come_before_its_wait),
           cmocka_unit_test(cancelling_does_not_end_a_wait_for_another_thread),
           cmocka_unit_test(cancelling_ends_a_wait_for_a_descriptor),
           cmocka_unit_test(sleepers_wake_in_the_order_of_their_deadlines))
