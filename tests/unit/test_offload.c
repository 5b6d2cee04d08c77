/*
 * test_offload.c: a bounded pool of threads.
 *
 * Calls meet at barriers and semaphores, so that what must happen at the same time does, whatever
 * the machine is busy with.
 */
#include "runtime/offload.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/fiber.h"
#include "runtime/wait.h"
#include "support.h"

enum { THREADS = 4, QUEUED = 3, CALLS = 2000 };

static struct offload *create_pool(size_t threads, size_t queue_limit)
{
    return offload_create(&(struct offload_options){
        .name = "test", .threads = threads, .queue_limit = queue_limit, .nice = 1});
}

struct call {
    struct offload *pool;
    pthread_t caller;
    pthread_t worker;
    int result;
};

static void note_worker(void *argument)
{
    ((struct call *)argument)->worker = pthread_self();
}

static void call_once(void *argument)
{
    struct call *call = argument;
    call->caller = pthread_self();
    call->result = offload_run(call->pool, note_worker, call);
}

TEST(runs_a_call_on_a_thread_of_its_own_in_a_fiber_and_outside)
{
    struct call call = {.pool = create_pool(1, 1), .result = -1};
    call_once(&call);
    assert_int_equal(call.result, 0);
    assert_false(pthread_equal(call.caller, call.worker));
    call.result = -1;
    run_in_fiber(call_once, &call);
    assert_int_equal(call.result, 0);
    assert_false(pthread_equal(call.caller, call.worker));
    offload_free(call.pool);
    offload_free(NULL);
}

static struct {
    struct offload *pool;
    pthread_barrier_t meeting;
    size_t done;
    int errors;
} together;

static void meet(void *argument)
{
    (void)argument;
    pthread_barrier_wait(&together.meeting);
}

static void offload_a_meeting(void *argument)
{
    (void)argument;
    together.errors += offload_run(together.pool, meet, NULL) < 0;
    together.done++;
}

static void let_all_meet(void *argument)
{
    (void)argument;
    for (int i = 0; i < THREADS; i++)
        fiber_start(offload_a_meeting, NULL);
    while (together.done < THREADS)
        wait_timer(clock_monotonic() + CLOCK_MILLISECOND);
}

/* Each call ends only once all have begun: with a thread too few this would not end. */
TEST(calls_of_several_fibers_run_at_the_same_time)
{
    together.pool = create_pool(THREADS, THREADS);
    pthread_barrier_init(&together.meeting, NULL, THREADS);
    run_in_fiber(let_all_meet, NULL);
    assert_int_equal(together.done, THREADS);
    assert_int_equal(together.errors, 0);
    offload_free(together.pool);
    pthread_barrier_destroy(&together.meeting);
}

static struct {
    struct offload *pool;
    sem_t running;
    sem_t may_end;
    char order[QUEUED + 2];
    size_t ran;
    size_t done;
    int refused;
    int errors;
} bounded;

static void hold_the_thread(void *argument)
{
    (void)argument;
    sem_post(&bounded.running);
    while (sem_wait(&bounded.may_end) < 0)
        continue;
}

static void note_order(void *argument)
{
    bounded.order[bounded.ran++] = *(const char *)argument;
}

static void run_holder(void *argument)
{
    (void)argument;
    bounded.errors += offload_run(bounded.pool, hold_the_thread, NULL) < 0;
    bounded.done++;
}

static void run_queued(void *argument)
{
    bounded.errors += offload_run(bounded.pool, note_order, argument) < 0;
    bounded.done++;
}

/* The only thread is held, then the queue filled: the next call is one too many. */
static void overfill(void *argument)
{
    (void)argument;
    static const char names[] = "abc";
    fiber_start(run_holder, NULL);
    wait_timer(clock_monotonic());
    while (sem_wait(&bounded.running) < 0)
        continue;
    for (int i = 0; i < QUEUED; i++)
        fiber_start(run_queued, (void *)&names[i]);
    wait_timer(clock_monotonic());
    wait_timer(clock_monotonic());
    bounded.refused = offload_run(bounded.pool, note_order, "x");
    sem_post(&bounded.may_end);
    while (bounded.done < QUEUED + 1)
        wait_timer(clock_monotonic() + CLOCK_MILLISECOND);
    bounded.errors += offload_run(bounded.pool, note_order, "d") < 0;
}

TEST(refuses_what_does_not_fit_its_queue_and_runs_the_rest_in_order)
{
    bounded.pool = create_pool(1, QUEUED);
    sem_init(&bounded.running, 0, 0);
    sem_init(&bounded.may_end, 0, 0);
    run_in_fiber(overfill, NULL);
    offload_free(bounded.pool);
    sem_destroy(&bounded.running);
    sem_destroy(&bounded.may_end);
    assert_int_equal(bounded.refused, ERROR_BUSY);
    assert_int_equal(bounded.errors, 0);
    assert_text(((struct text){bounded.order, bounded.ran}), "abcd");
}

static struct {
    struct offload *pool;
    atomic_size_t ran;
    atomic_size_t refused;
} flood;

static void count_run(void *argument)
{
    (void)argument;
    atomic_fetch_add(&flood.ran, 1);
}

static void *call_often(void *argument)
{
    (void)argument;
    for (int i = 0; i < CALLS; i++)
        atomic_fetch_add(&flood.refused, offload_run(flood.pool, count_run, NULL) == ERROR_BUSY);
    return NULL;
}

TEST(every_call_of_many_threads_is_run_or_refused)
{
    flood.pool = create_pool(2, THREADS / 2);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    offload_free(flood.pool);
    assert_int_equal(flood.ran + flood.refused, THREADS * CALLS);
    assert_true(flood.ran > 0);
}

UNIT_TESTS(cmocka_unit_test(runs_a_call_on_a_thread_of_its_own_in_a_fiber_and_outside),
           cmocka_unit_test(calls_of_several_fibers_run_at_the_same_time),
           cmocka_unit_test(refuses_what_does_not_fit_its_queue_and_runs_the_rest_in_order),
           cmocka_unit_test(every_call_of_many_threads_is_run_or_refused))
