/*
 * test_loop.c: watches, timers, posts and hooks of one loop.
 */
#include "runtime/loop.h"

#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "support.h"

enum { THREADS = 4, POSTS = 20000 };

/* A post that knows who sent it and as the how-manieth. */
struct numbered_post {
    struct loop_post post;
    size_t thread;
    size_t number;
};

static struct {
    struct loop *loop;
    struct numbered_post posts[THREADS][POSTS];
    size_t next[THREADS];
    size_t received;
    size_t out_of_order;
    size_t in_wrong_thread;
    pthread_t loop_thread;
} posting;

static void receive(struct loop_post *post)
{
    struct numbered_post *received = (struct numbered_post *)post;
    posting.out_of_order += received->number != posting.next[received->thread]++;
    posting.in_wrong_thread += !pthread_equal(pthread_self(), posting.loop_thread);
    if (++posting.received == THREADS * POSTS)
        loop_stop(posting.loop);
}

static void *post_many(void *argument)
{
    struct numbered_post *posts = argument;
    for (size_t i = 0; i < POSTS; i++)
        loop_post(posting.loop, &posts[i].post);
    return NULL;
}

TEST(posts_of_several_threads_all_arrive_each_threads_in_order)
{
    pthread_t threads[THREADS];
    posting.loop_thread = pthread_self();
    assert_int_equal(loop_create(&posting.loop, 0), 0);
    for (size_t i = 0; i < THREADS; i++) {
        for (size_t j = 0; j < POSTS; j++)
            posting.posts[i][j] = (struct numbered_post){{.run = receive}, i, j};
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, posting.posts[i]), 0);
    }
    loop_run(posting.loop);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    loop_free(posting.loop);
    assert_int_equal(posting.received, THREADS * POSTS);
    assert_int_equal(posting.out_of_order, 0);
    assert_int_equal(posting.in_wrong_thread, 0);
}

static struct loop *loop;
static int64_t expired_at;

static void note_expiry(struct loop_timer *timer)
{
    (void)timer;
    expired_at = clock_monotonic();
    loop_stop(loop);
}

static void fail_to_stop(struct loop_timer *timer)
{
    (void)timer;
    expired_at = -1;
}

TEST(a_timer_expires_once_unless_it_is_moved_or_stopped)
{
    assert_int_equal(loop_create(&loop, 0), 0);
    int64_t now = clock_monotonic();
    struct loop_timer stopped = {.expired = fail_to_stop};
    struct loop_timer moved = {.expired = note_expiry};
    loop_timer_start(loop, &stopped, now);
    loop_timer_start(loop, &moved, now + CLOCK_HOUR);
    loop_timer_stop(loop, &stopped);
    loop_timer_start(loop, &moved, now + CLOCK_MILLISECOND);
    loop_run(loop);
    loop_free(loop);
    assert_true(expired_at >= now + CLOCK_MILLISECOND);
    assert_int_equal(moved.position, 0);
}

struct counting_watch {
    struct loop_watch watch;
    uint32_t events;
    int count;
};

static void count_ready(struct loop_watch *watch, uint32_t events)
{
    struct counting_watch *counting = (struct counting_watch *)watch;
    counting->events = events;
    uint64_t value;
    if (read(watch->descriptor, &value, sizeof value) == sizeof value)
        counting->count++;
    loop_watch_stop(loop, watch);
    loop_stop(loop);
}

TEST(a_watch_reports_the_events_of_its_descriptor)
{
    assert_int_equal(loop_create(&loop, 0), 0);
    int descriptor = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    struct counting_watch counting = {.watch = {descriptor, count_ready}};
    assert_int_equal(loop_watch_start(loop, &counting.watch, EPOLLIN), 0);
    loop_run(loop);
    loop_free(loop);
    close(descriptor);
    assert_int_equal(counting.count, 1);
    assert_int_equal(counting.events, EPOLLIN);
}

TEST(what_cannot_be_watched_is_an_error)
{
    assert_int_equal(loop_create(&loop, 0), 0);
    struct loop_watch watch = {-1, NULL};
    assert_int_equal(loop_watch_start(loop, &watch, EPOLLIN), ERROR_IO);
    loop_free(loop);
}

static char hook_order[8];
static size_t hook_runs;

static void note_hook(char name)
{
    hook_order[hook_runs++] = name;
    if (hook_runs == 4)
        loop_stop(loop);
}

static int64_t run_first_hook(struct loop_hook *hook)
{
    (void)hook;
    note_hook('1');
    return LOOP_FOREVER;
}

/* Asks for another turn at once: the loop, which has nothing else to do, must not sleep. */
static int64_t run_second_hook(struct loop_hook *hook)
{
    (void)hook;
    note_hook('2');
    return 0;
}

TEST(hooks_run_in_every_turn_the_first_registered_first)
{
    assert_int_equal(loop_create(&loop, 0), 0);
    struct loop_hook first = {.run = run_first_hook};
    struct loop_hook second = {.run = run_second_hook};
    loop_hook_add(loop, &first);
    loop_hook_add(loop, &second);
    loop_run(loop);
    loop_free(loop);
    assert_text(((struct text){hook_order, hook_runs}), "1212");
}

static void *stop_from_outside(void *argument)
{
    loop_stop(argument);
    return NULL;
}

static struct loop *current_inside;

static void note_current(struct loop_post *post)
{
    (void)post;
    current_inside = loop_current();
}

TEST(another_thread_may_stop_it)
{
    assert_int_equal(loop_create(&loop, 7), 0);
    struct loop_post post = {.run = note_current};
    loop_post(loop, &post);
    struct loop_timer never = {.expired = fail_to_stop};
    loop_timer_start(loop, &never, clock_monotonic() + CLOCK_HOUR);
    pthread_t thread;
    assert_null(loop_current());
    assert_int_equal(pthread_create(&thread, NULL, stop_from_outside, loop), 0);
    loop_run(loop);
    pthread_join(thread, NULL);
    assert_null(loop_current());
    assert_true(current_inside == loop || current_inside == NULL);
    loop_free(loop);
    loop_free(NULL);
}

UNIT_TESTS(cmocka_unit_test(posts_of_several_threads_all_arrive_each_threads_in_order),
           cmocka_unit_test(a_timer_expires_once_unless_it_is_moved_or_stopped),
           cmocka_unit_test(a_watch_reports_the_events_of_its_descriptor),
           cmocka_unit_test(what_cannot_be_watched_is_an_error),
           cmocka_unit_test(hooks_run_in_every_turn_the_first_registered_first),
           cmocka_unit_test(another_thread_may_stop_it))
