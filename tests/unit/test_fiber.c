/*
 * test_fiber.c: fibers start, park, wake, are cancelled, and give their stacks back.
 */
#include "runtime/fiber.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "runtime/loop.h"
#include "runtime/wait.h"
#include "support.h"

enum { MANY = 10000 };

/* What happened, a letter each. */
static char events[64];
static size_t event_count;

static void note(char event)
{
    if (event_count < sizeof events)
        events[event_count++] = event;
}

#define assert_events(expected) assert_text(((struct text){events, event_count}), expected)

static struct fiber *parked;
static int woken_with;

static void park_once(void *argument)
{
    (void)argument;
    note('a');
    parked = fiber_current();
    woken_with = fiber_park();
    note('c');
}

/* Gives the fibers that are ready their turn. */
static void let_others_run(void)
{
    wait_timer(clock_monotonic());
}

static void wake_the_parked(void *argument)
{
    (void)argument;
    fiber_start(park_once, NULL);
    let_others_run();
    note('b');
    fiber_wake(parked, 42);
    let_others_run();
    note('d');
}

TEST(a_parked_fiber_goes_on_with_what_it_is_woken_with)
{
    event_count = 0;
    run_in_fiber(wake_the_parked, NULL);
    assert_events("abcd");
    assert_int_equal(woken_with, 42);
    assert_null(fiber_current());
}

static void note_letter(void *argument)
{
    note(*(const char *)argument);
}

static void start_inside(void *argument)
{
    (void)argument;
    fiber_start(note_letter, "b");
    fiber_start(note_letter, "c");
    note('a');
    let_others_run();
    note('d');
}

TEST(a_fiber_started_inside_another_waits_behind_it)
{
    event_count = 0;
    run_in_fiber(start_inside, NULL);
    assert_events("abcd");
}

static struct loop *posted_loop;

static void start_outside(struct loop_post *post)
{
    (void)post;
    fiber_start(note_letter, "a");
    note('b');
    loop_stop(posted_loop);
}

TEST(a_fiber_started_outside_one_runs_at_once)
{
    event_count = 0;
    struct loop_post post = {.run = start_outside};
    assert_int_equal(loop_create(&posted_loop, 3), 0);
    assert_int_equal(loop_index(posted_loop), 3);
    loop_post(posted_loop, &post);
    loop_run(posted_loop);
    loop_free(posted_loop);
    assert_events("ab");
}

static void wake_twice(void *argument)
{
    (void)argument;
    fiber_start(park_once, NULL);
    let_others_run();
    fiber_wake(parked, 1);
    fiber_wake(parked, 2);
    let_others_run();
}

TEST(only_the_first_wake_of_a_park_counts)
{
    event_count = 0;
    run_in_fiber(wake_twice, NULL);
    assert_events("ac");
    assert_int_equal(woken_with, 1);
}

static struct {
    struct fiber *fibers[MANY];
    size_t finished;
    size_t wrong;
} crowd;

static void park_in_the_crowd(void *argument)
{
    size_t index = (size_t)(uintptr_t)argument;
    volatile char locals[2048];
    memset((char *)locals, (int)(index % 127), sizeof locals);
    crowd.fibers[index] = fiber_current();
    crowd.wrong += fiber_park() != (int)index;
    crowd.wrong += locals[0] != (char)(index % 127) || locals[2047] != locals[0];
    crowd.finished++;
}

static void run_the_crowd(void *argument)
{
    (void)argument;
    for (uintptr_t i = 0; i < MANY; i++)
        fiber_start(park_in_the_crowd, (void *)i);
    let_others_run();
    for (size_t i = MANY; i-- > 0;)
        fiber_wake(crowd.fibers[i], (int)i);
    while (crowd.finished < MANY)
        let_others_run();
}

TEST(ten_thousand_fibers_park_at_once_and_keep_their_stacks)
{
    memset(&crowd, 0, sizeof crowd);
    run_in_fiber(run_the_crowd, NULL);
    assert_int_equal(crowd.finished, MANY);
    assert_int_equal(crowd.wrong, 0);
}

static struct {
    uint64_t last_number;
    size_t runs;
    size_t repeated;
} sequence;

static void run_one_of_a_sequence(void *argument)
{
    (void)argument;
    uint64_t number = fiber_number(fiber_current());
    sequence.repeated += number <= sequence.last_number;
    sequence.last_number = number;
    sequence.runs++;
}

static void run_a_sequence(void *argument)
{
    (void)argument;
    for (int i = 0; i < MANY; i++) {
        fiber_start(run_one_of_a_sequence, NULL);
        let_others_run();
    }
}

TEST(a_stack_is_used_again_under_a_new_number)
{
    memset(&sequence, 0, sizeof sequence);
    run_in_fiber(run_a_sequence, NULL);
    assert_int_equal(sequence.runs, MANY);
    assert_int_equal(sequence.repeated, 0);
}

/* Most of a stack; the rest is for the frames above and below. */
static void use_deep_stack(void *argument)
{
    volatile char deep[FIBER_STACK_SIZE - 64 * 1024];
    for (size_t i = 0; i < sizeof deep; i += 512)
        deep[i] = (char)(i / 512 % 100);
    let_others_run();
    for (size_t i = 0; i < sizeof deep; i += 512)
        *(bool *)argument = *(bool *)argument && deep[i] == (char)(i / 512 % 100);
}

TEST(a_stack_is_as_deep_as_promised)
{
    bool intact = true;
    run_in_fiber(use_deep_stack, &intact);
    assert_true(intact);
}

static struct {
    struct fiber *fiber;
    int first;
    int second;
    bool was_cancelled;
} cancelled;

static void wait_to_be_cancelled(void *argument)
{
    (void)argument;
    cancelled.fiber = fiber_current();
    cancelled.first = wait_timer(WAIT_FOREVER);
    cancelled.was_cancelled = fiber_is_cancelled(fiber_current());
    cancelled.second = wait_timer(WAIT_FOREVER);
}

static void cancel_another(void *argument)
{
    (void)argument;
    fiber_start(wait_to_be_cancelled, NULL);
    let_others_run();
    fiber_cancel(cancelled.fiber);
    let_others_run();
    let_others_run();
}

TEST(a_cancelled_fiber_hears_of_it_in_this_and_every_later_wait)
{
    memset(&cancelled, 0, sizeof cancelled);
    run_in_fiber(cancel_another, NULL);
    assert_int_equal(cancelled.first, ERROR_CANCELLED);
    assert_true(cancelled.was_cancelled);
    assert_int_equal(cancelled.second, ERROR_CANCELLED);
}

static void cancel_before_its_wait(void *argument)
{
    fiber_cancel(fiber_current());
    *(int *)argument = wait_timer(WAIT_FOREVER);
}

TEST(a_fiber_cancelled_while_it_runs_does_not_wait)
{
    int result = 0;
    run_in_fiber(cancel_before_its_wait, &result);
    assert_int_equal(result, ERROR_CANCELLED);
}

static void note_cancelled(void *argument)
{
    *(bool *)argument = fiber_is_cancelled(fiber_current());
}

static void end_cancelled(void *argument)
{
    (void)argument;
    fiber_cancel(fiber_current());
}

static void reuse_after_cancel(void *argument)
{
    fiber_start(end_cancelled, NULL);
    let_others_run();
    fiber_start(note_cancelled, argument);
    let_others_run();
}

TEST(the_next_fiber_on_a_stack_is_not_cancelled)
{
    bool is_cancelled = true;
    run_in_fiber(reuse_after_cancel, &is_cancelled);
    assert_false(is_cancelled);
}

static const struct log_context contexts[2];
static const struct log_context *seen[2];

static void keep_context(void *argument)
{
    size_t index = *(const size_t *)argument;
    log_set_context(&contexts[index]);
    let_others_run();
    seen[index] = log_get_context();
}

static void run_with_contexts(void *argument)
{
    static const size_t indexes[] = {0, 1};
    log_set_context(NULL);
    fiber_start(keep_context, (void *)&indexes[0]);
    fiber_start(keep_context, (void *)&indexes[1]);
    for (int i = 0; i < 4; i++)
        let_others_run();
    *(bool *)argument = log_get_context() == NULL;
}

TEST(each_fiber_keeps_its_log_context)
{
    bool own_kept = false;
    run_in_fiber(run_with_contexts, &own_kept);
    assert_true(own_kept);
    assert_ptr_equal(seen[0], &contexts[0]);
    assert_ptr_equal(seen[1], &contexts[1]);
}

UNIT_TESTS(cmocka_unit_test(a_parked_fiber_goes_on_with_what_it_is_woken_with),
           cmocka_unit_test(a_fiber_started_inside_another_waits_behind_it),
           cmocka_unit_test(a_fiber_started_outside_one_runs_at_once),
           cmocka_unit_test(only_the_first_wake_of_a_park_counts),
           cmocka_unit_test(ten_thousand_fibers_park_at_once_and_keep_their_stacks),
           cmocka_unit_test(a_stack_is_used_again_under_a_new_number),
           cmocka_unit_test(a_stack_is_as_deep_as_promised),
           cmocka_unit_test(a_cancelled_fiber_hears_of_it_in_this_and_every_later_wait),
           cmocka_unit_test(a_fiber_cancelled_while_it_runs_does_not_wait),
           cmocka_unit_test(the_next_fiber_on_a_stack_is_not_cancelled),
           cmocka_unit_test(each_fiber_keeps_its_log_context))
