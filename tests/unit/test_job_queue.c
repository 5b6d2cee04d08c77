/*
 * test_job_queue.c: those who wait for work, and those who wait for a job, are woken, and only
 * then.
 */
#include "domain/job_queue.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/fiber.h"
#include "support.h"

#define LONG_AGO 1
#define SOON (clock_monotonic() + 20 * CLOCK_MILLISECOND)
#define LATE (clock_monotonic() + CLOCK_MINUTE)

struct wait {
    struct job_queue *queue;
    const char *id;
    int64_t deadline;
    int result;
    bool closed;
};

static void await(void *argument)
{
    struct wait *wait = argument;
    struct job_waiter waiter;
    job_queue_expect(wait->queue, &waiter, text_from(wait->id));
    wait->result = job_queue_await(wait->queue, &waiter, wait->deadline);
    wait->closed = waiter.closed;
}

TEST(ends_a_wait_at_its_deadline)
{
    struct job_queue *queue = job_queue_create(NULL, 10);
    struct wait waits[] = {{queue, "a", LONG_AGO, 1, true}, {queue, "a", SOON, 1, true}};
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        await(&waits[i]);
        assert_int_equal(waits[i].result, ERROR_TIMEOUT);
        waits[i].deadline = waits[i].deadline == LONG_AGO ? LONG_AGO : SOON;
        run_in_fiber(await, &waits[i]);
        assert_int_equal(waits[i].result, ERROR_TIMEOUT);
        assert_false(waits[i].closed);
    }
    job_queue_announce(queue, TEXT("a"));
    job_queue_free(queue);
}

static void announce_before_waiting(void *argument)
{
    struct wait *wait = argument;
    struct job_waiter waiter;
    job_queue_expect(wait->queue, &waiter, TEXT("a"));
    job_queue_announce(wait->queue, TEXT("b"));
    job_queue_announce(wait->queue, TEXT("a"));
    wait->result = job_queue_await(wait->queue, &waiter, LATE);
}

TEST(misses_no_announcement_between_expecting_and_waiting)
{
    struct job_queue *queue = job_queue_create(NULL, 10);
    struct wait wait = {.queue = queue, .result = 1};
    announce_before_waiting(&wait);
    assert_int_equal(wait.result, 0);
    wait.result = 1;
    run_in_fiber(announce_before_waiting, &wait);
    assert_int_equal(wait.result, 0);
    job_queue_free(queue);
}

static void *announce_all(void *argument)
{
    struct job_queue *queue = argument;
    wait_timer(clock_monotonic() + 10 * CLOCK_MILLISECOND);
    job_queue_announce(queue, TEXT("other"));
    job_queue_announce(queue, TEXT("a"));
    return NULL;
}

TEST(wakes_who_waits_from_another_thread)
{
    struct job_queue *queue = job_queue_create(NULL, 10);
    for (int in_fiber = 0; in_fiber < 2; in_fiber++) {
        pthread_t thread;
        struct wait wait = {queue, "a", LATE, 1, true};
        assert_int_equal(pthread_create(&thread, NULL, announce_all, queue), 0);
        if (in_fiber)
            run_in_fiber(await, &wait);
        else
            await(&wait);
        pthread_join(thread, NULL);
        assert_int_equal(wait.result, 0);
        assert_false(wait.closed);
    }
    job_queue_free(queue);
}

enum { ROUNDS = 2000 };

/* Announcing and running out of time at the same moment. */
static void *announce_often(void *argument)
{
    for (int i = 0; i < ROUNDS; i++)
        job_queue_announce(argument, TEXT("a"));
    return NULL;
}

static void await_often(void *argument)
{
    struct wait *wait = argument;
    for (int i = 0; i < ROUNDS; i++) {
        struct job_waiter waiter;
        job_queue_expect(wait->queue, &waiter, TEXT("a"));
        int result = job_queue_await(wait->queue, &waiter, clock_monotonic() + i % 3);
        wait->result += result != 0 && result != ERROR_TIMEOUT;
    }
}

TEST(survives_an_announcement_at_the_deadline)
{
    struct job_queue *queue = job_queue_create(NULL, 10);
    for (int in_fiber = 0; in_fiber < 2; in_fiber++) {
        pthread_t thread;
        struct wait wait = {.queue = queue};
        assert_int_equal(pthread_create(&thread, NULL, announce_often, queue), 0);
        if (in_fiber)
            run_in_fiber(await_often, &wait);
        else
            await_often(&wait);
        pthread_join(thread, NULL);
        assert_int_equal(wait.result, 0);
    }
    job_queue_free(queue);
}

TEST(lets_nobody_wait_once_it_is_closed)
{
    struct job_queue *queue = job_queue_create(NULL, 10);
    job_queue_close(queue);
    struct wait wait = {queue, "a", LATE, 1, false};
    await(&wait);
    assert_int_equal(wait.result, 0);
    assert_true(wait.closed);
    uint64_t generation = 1;
    job_queue_sleep(queue, &generation, LATE);
    job_queue_free(queue);
}

TEST(sleeps_until_there_is_work)
{
    struct job_queue *queue = job_queue_create(NULL, 10);
    uint64_t generation = 0;
    job_queue_sleep(queue, &generation, LATE); /* what came before the first sleep counts */
    uint64_t before = generation;
    job_queue_sleep(queue, &generation, SOON);
    assert_int_equal(generation, before);
    job_queue_wake(queue, 1);
    job_queue_sleep(queue, &generation, LATE);
    assert_true(generation > before);
    job_queue_free(queue);
}

/* Brings what one process has to tell to another, as a carrier does. */
static void carry(struct wake *from, struct wake *to)
{
    char storage[WAKE_MESSAGE_LIMIT];
    struct buffer message;
    buffer_init_fixed(&message, storage, sizeof storage);
    wake_take(from, &message);
    wake_hear(to, buffer_text(&message));
}

struct neighbour {
    struct wake *wake;
    struct job_queue *queue;
};

static struct neighbour neighbour_create(void)
{
    struct neighbour neighbour = {wake_create(), job_queue_create(NULL, 10)};
    job_queue_share(neighbour.queue, neighbour.wake);
    wake_set_carried(neighbour.wake, true);
    carry(neighbour.wake, neighbour.wake);
    return neighbour;
}

static void neighbour_free(struct neighbour *neighbour)
{
    job_queue_free(neighbour->queue);
    wake_free(neighbour->wake);
}

TEST(hears_of_the_jobs_of_other_processes)
{
    struct neighbour here = neighbour_create();
    struct neighbour there = neighbour_create();
    uint64_t generation = 0;
    job_queue_sleep(there.queue, &generation, LONG_AGO);
    uint64_t before = generation;
    carry(here.wake, there.wake);
    job_queue_sleep(there.queue, &generation, LONG_AGO);
    assert_int_equal(generation, before);
    job_queue_wake(here.queue, 1);
    carry(here.wake, there.wake);
    job_queue_sleep(there.queue, &generation, LONG_AGO);
    assert_int_not_equal(generation, before);
    assert_int_equal(job_queue_depth(there.queue), 0);
    neighbour_free(&here);
    neighbour_free(&there);
}

TEST(hears_which_jobs_other_processes_have_ended)
{
    struct neighbour here = neighbour_create();
    struct neighbour there = neighbour_create();
    struct job_waiter awaited;
    struct job_waiter other;
    job_queue_expect(there.queue, &awaited, TEXT("a"));
    job_queue_expect(there.queue, &other, TEXT("b"));
    job_queue_announce(here.queue, TEXT("a"));
    carry(here.wake, there.wake);
    assert_true(awaited.announced);
    assert_false(awaited.closed);
    assert_false(other.announced);
    wake_hear(there.wake, TEXT("somebody|ended"));
    assert_true(other.announced);
    neighbour_free(&here);
    neighbour_free(&there);
}

TEST(is_full_at_its_limit)
{
    struct job_queue *queue = job_queue_create(NULL, 3);
    job_queue_wake(queue, 2);
    assert_false(job_queue_is_full(queue));
    job_queue_wake(queue, 1);
    assert_true(job_queue_is_full(queue));
    job_queue_take(queue, 1);
    assert_false(job_queue_is_full(queue));
    job_queue_set_depth(queue, 3);
    assert_true(job_queue_is_full(queue));
    job_queue_free(queue);
}

UNIT_TESTS(cmocka_unit_test(ends_a_wait_at_its_deadline),
           cmocka_unit_test(misses_no_announcement_between_expecting_and_waiting),
           cmocka_unit_test(wakes_who_waits_from_another_thread),
           cmocka_unit_test(survives_an_announcement_at_the_deadline),
           cmocka_unit_test(lets_nobody_wait_once_it_is_closed),
           cmocka_unit_test(sleeps_until_there_is_work),
           cmocka_unit_test(hears_of_the_jobs_of_other_processes),
           cmocka_unit_test(hears_which_jobs_other_processes_have_ended),
           cmocka_unit_test(is_full_at_its_limit))
