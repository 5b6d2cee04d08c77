#include "runtime/timer_heap.h"

#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_CAPACITY = 64 };

static void put(struct timer_heap *heap, size_t position, struct loop_timer *timer)
{
    heap->timers[position] = timer;
    timer->position = position;
}

static void sift_up(struct timer_heap *heap, size_t position, struct loop_timer *timer)
{
    while (position > 1 && heap->timers[position / 2]->when > timer->when) {
        put(heap, position, heap->timers[position / 2]);
        position /= 2;
    }
    put(heap, position, timer);
}

static void sift_down(struct timer_heap *heap, size_t position, struct loop_timer *timer)
{
    for (;;) {
        size_t child = position * 2;
        if (child > heap->count)
            break;
        if (child < heap->count && heap->timers[child + 1]->when < heap->timers[child]->when)
            child++;
        if (heap->timers[child]->when >= timer->when)
            break;
        put(heap, position, heap->timers[child]);
        position = child;
    }
    put(heap, position, timer);
}

void timer_heap_add(struct timer_heap *heap, struct loop_timer *timer)
{
    if (heap->count + 1 >= heap->capacity) {
        heap->capacity = heap->capacity == 0 ? FIRST_CAPACITY : heap->capacity * 2;
        heap->timers = memory_resize(heap->timers, heap->capacity * sizeof(struct loop_timer *));
    }
    heap->count++;
    sift_up(heap, heap->count, timer);
}

void timer_heap_remove(struct timer_heap *heap, struct loop_timer *timer)
{
    size_t position = timer->position;
    if (position == 0)
        return;
    timer->position = 0;
    struct loop_timer *last = heap->timers[heap->count--];
    if (last == timer)
        return;
    if (position > 1 && heap->timers[position / 2]->when > last->when)
        sift_up(heap, position, last);
    else
        sift_down(heap, position, last);
}

struct loop_timer *timer_heap_first(const struct timer_heap *heap)
{
    return heap->count == 0 ? NULL : heap->timers[1];
}

void timer_heap_release(struct timer_heap *heap)
{
    free(heap->timers);
    *heap = (struct timer_heap){0};
}
