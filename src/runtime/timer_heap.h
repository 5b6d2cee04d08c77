/*
 * timer_heap.h: the running timers of a loop, the next one first. Only loop.c uses it.
 *
 * A binary heap of pointers; each timer knows its place, so stopping one is O(log n) too.
 */
#ifndef ERRAND_RUNTIME_TIMER_HEAP_H
#define ERRAND_RUNTIME_TIMER_HEAP_H

#include <stddef.h>

#include "runtime/loop.h"

struct timer_heap {
    struct loop_timer **timers; /* from 1 */
    size_t count;
    size_t capacity;
};

void timer_heap_add(struct timer_heap *heap, struct loop_timer *timer);

/* timer_heap_remove: takes `timer` out; nothing happens when it is not in. */
void timer_heap_remove(struct timer_heap *heap, struct loop_timer *timer);

/* timer_heap_first: the timer that expires next, or NULL. */
struct loop_timer *timer_heap_first(const struct timer_heap *heap);

void timer_heap_release(struct timer_heap *heap);

#endif
