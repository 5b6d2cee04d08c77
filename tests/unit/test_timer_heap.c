/*
 * test_timer_heap.c: the heap beside a plain list that is searched.
 */
#include "runtime/timer_heap.h"

#include <string.h>

#include "support.h"

enum { TIMERS = 500, STEPS = 60000 };

static int64_t earliest(const struct loop_timer *timers, size_t count)
{
    int64_t when = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        if (timers[i].position != 0 && timers[i].when < when)
            when = timers[i].when;
    }
    return when;
}

TEST(is_empty_at_first)
{
    struct timer_heap heap = {0};
    assert_null(timer_heap_first(&heap));
    timer_heap_release(&heap);
}

TEST(the_first_is_always_the_earliest)
{
    struct timer_heap heap = {0};
    static struct loop_timer timers[TIMERS];
    struct dice dice = {11};
    size_t running = 0;
    for (int step = 0; step < STEPS; step++) {
        struct loop_timer *timer = &timers[dice_below(&dice, TIMERS)];
        if (timer->position != 0) {
            timer_heap_remove(&heap, timer);
            running--;
        } else {
            timer->when = (int64_t)dice_below(&dice, 1000);
            timer_heap_add(&heap, timer);
            running++;
        }
        struct loop_timer *first = timer_heap_first(&heap);
        assert_int_equal(heap.count, running);
        assert_int_equal(first == NULL ? INT64_MAX : first->when, earliest(timers, TIMERS));
    }
    timer_heap_release(&heap);
}

TEST(comes_out_in_order)
{
    struct timer_heap heap = {0};
    static struct loop_timer timers[TIMERS];
    memset(timers, 0, sizeof timers);
    struct dice dice = {12};
    for (size_t i = 0; i < TIMERS; i++) {
        timers[i].when = dice_between(&dice, INT64_MIN / 2, INT64_MAX / 2);
        timer_heap_add(&heap, &timers[i]);
    }
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < TIMERS; i++) {
        struct loop_timer *first = timer_heap_first(&heap);
        assert_true(first->when >= last);
        last = first->when;
        timer_heap_remove(&heap, first);
        assert_int_equal(first->position, 0);
    }
    assert_null(timer_heap_first(&heap));
    timer_heap_release(&heap);
}

TEST(removing_what_is_not_in_changes_nothing)
{
    struct timer_heap heap = {0};
    struct loop_timer in = {.when = 1};
    struct loop_timer out = {.when = 0};
    timer_heap_add(&heap, &in);
    timer_heap_remove(&heap, &out);
    assert_ptr_equal(timer_heap_first(&heap), &in);
    timer_heap_remove(&heap, &in);
    timer_heap_remove(&heap, &in);
    assert_null(timer_heap_first(&heap));
    timer_heap_release(&heap);
}

UNIT_TESTS(cmocka_unit_test(is_empty_at_first), cmocka_unit_test(the_first_is_always_the_earliest),
           cmocka_unit_test(comes_out_in_order),
           cmocka_unit_test(removing_what_is_not_in_changes_nothing))
