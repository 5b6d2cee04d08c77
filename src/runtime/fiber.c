/*
 * fiber.c: makecontext gives a new stack its first frame; from then on a switch is _setjmp and
 * _longjmp, which save a dozen registers and make no system call (swapcontext makes two, for a
 * signal mask that never differs here). This file is compiled without _FORTIFY_SOURCE, whose
 * longjmp refuses to jump to another stack. Under a sanitizer, switches go through swapcontext and
 * are announced, so that it follows the stacks.
 */
#include "runtime/fiber.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/loop.h"

#if defined(__SANITIZE_ADDRESS__)
#define FIBER_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ADDRESS_SANITIZER 1
#endif
#if __has_feature(thread_sanitizer)
#define FIBER_THREAD_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define FIBER_THREAD_SANITIZER 1
#endif

#ifdef FIBER_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef FIBER_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif
#if defined(FIBER_ADDRESS_SANITIZER) || defined(FIBER_THREAD_SANITIZER)
#define FIBER_SANITIZED 1
#endif

enum {
    GUARD_SIZE = 4096,
    POOL_LIMIT = 256, /* stacks kept for reuse by a thread; more are unmapped */
};

/* Where a stack stands while it does not run. */
struct context {
#ifdef FIBER_SANITIZED
    ucontext_t machine;
#else
    jmp_buf machine;
#endif
    const void *stack_bottom;
    size_t stack_size;
    void *sanitizer; /* AddressSanitizer's fake stack or ThreadSanitizer's fiber */
};

struct fiber {
    struct context context;
    struct fiber *next; /* in the pool or in a queue */
    struct loop *loop;
    fiber_fn *fn;
    void *argument;
    void *stack; /* its mapping, guard page first */
    const struct log_context *log;
    uint64_t number;
    int result;
    bool parked;
    bool cancellable;
    bool cancelled;
    bool finished;
    bool entered; /* has a frame of fiber_main on its stack */
};

static _Thread_local struct context scheduler; /* the thread's own stack */
static _Thread_local struct fiber *running;
static _Thread_local struct fiber *pool;
static _Thread_local unsigned pooled;
static atomic_uint_fast64_t last_number;

struct fiber *fiber_current(void)
{
    return running;
}

uint64_t fiber_number(const struct fiber *fiber)
{
    return fiber->number;
}

struct loop *fiber_loop(const struct fiber *fiber)
{
    return fiber->loop;
}

bool fiber_is_cancelled(const struct fiber *fiber)
{
    return fiber->cancelled;
}

void fiber_set_cancellable(struct fiber *fiber, bool cancellable)
{
    fiber->cancellable = cancellable;
}

static void announce_switch(struct context *from, struct context *to)
{
#ifdef FIBER_ADDRESS_SANITIZER
    __sanitizer_start_switch_fiber(&from->sanitizer, to->stack_bottom, to->stack_size);
#elif defined(FIBER_THREAD_SANITIZER)
    if (from->sanitizer == NULL)
        from->sanitizer = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->sanitizer, 0);
#else
    (void)from;
    (void)to;
#endif
}

/* finish_switch: the first thing on the stack switched to; notes where the other one lies. */
static void finish_switch(struct context *to, struct context *from)
{
#ifdef FIBER_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(to->sanitizer, &from->stack_bottom, &from->stack_size);
#else
    (void)to;
    (void)from;
#endif
}

static void context_switch(struct context *from, struct context *to)
{
    announce_switch(from, to);
#ifdef FIBER_SANITIZED
    swapcontext(&from->machine, &to->machine);
#else
    if (_setjmp(from->machine) == 0)
        _longjmp(to->machine, 1);
#endif
    finish_switch(from, to);
}

/* The bottom frame of every fiber: runs one function after another, one for each fiber_start that
 * took this stack from the pool. */
static void fiber_main(void)
{
    struct fiber *self = running;
    finish_switch(&self->context, &scheduler);
    for (;;) {
        self->fn(self->argument);
        self->finished = true;
        context_switch(&self->context, &scheduler);
    }
}

static struct fiber *fiber_create(void)
{
    struct fiber *fiber = memory_allocate(sizeof *fiber);
    fiber->stack = mmap(NULL, FIBER_STACK_SIZE + GUARD_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (fiber->stack == MAP_FAILED || mprotect(fiber->stack, GUARD_SIZE, PROT_NONE) < 0)
        memory_exhausted(FIBER_STACK_SIZE);
    fiber->context.stack_bottom = (char *)fiber->stack + GUARD_SIZE;
    fiber->context.stack_size = FIBER_STACK_SIZE;
#ifdef FIBER_THREAD_SANITIZER
    fiber->context.sanitizer = __tsan_create_fiber(0);
#endif
    return fiber;
}

static void fiber_free(struct fiber *fiber)
{
#ifdef FIBER_THREAD_SANITIZER
    __tsan_destroy_fiber(fiber->context.sanitizer);
#endif
    munmap(fiber->stack, FIBER_STACK_SIZE + GUARD_SIZE);
    free(fiber);
}

static struct fiber *pool_take(void)
{
    struct fiber *fiber = pool;
    if (fiber == NULL)
        return fiber_create();
    pool = fiber->next;
    pooled--;
    return fiber;
}

static void pool_return(struct fiber *fiber)
{
    if (pooled == POOL_LIMIT) {
        fiber_free(fiber);
        return;
    }
    fiber->next = pool;
    pool = fiber;
    pooled++;
}

void fiber_thread_release(void)
{
    while (pool != NULL) {
        struct fiber *fiber = pool_take();
        fiber_free(fiber);
    }
}

/* The first switch to a new stack goes through its ucontext, which _longjmp cannot do. */
static void first_switch(struct fiber *fiber)
{
    ucontext_t *entry = memory_allocate(sizeof *entry);
    getcontext(entry);
    entry->uc_stack.ss_sp = (char *)fiber->stack + GUARD_SIZE;
    entry->uc_stack.ss_size = FIBER_STACK_SIZE;
    entry->uc_link = NULL;
    makecontext(entry, fiber_main, 0);
    fiber->entered = true;
    announce_switch(&scheduler, &fiber->context);
#ifdef FIBER_SANITIZED
    swapcontext(&scheduler.machine, entry);
#else
    if (_setjmp(scheduler.machine) == 0)
        setcontext(entry);
#endif
    finish_switch(&scheduler, &fiber->context);
    free(entry);
}

static void fiber_resume(struct fiber *fiber)
{
    const struct log_context *outside = log_get_context();
    log_set_context(fiber->log);
    running = fiber;
    if (fiber->entered)
        context_switch(&scheduler, &fiber->context);
    else
        first_switch(fiber);
    running = NULL;
    fiber->log = log_get_context();
    log_set_context(outside);
    if (fiber->finished)
        pool_return(fiber);
}

void fiber_start(fiber_fn *fn, void *argument)
{
    struct fiber *fiber = pool_take();
    fiber->loop = loop_current();
    fiber->fn = fn;
    fiber->argument = argument;
    fiber->log = log_get_context();
    fiber->number = atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed) + 1;
    fiber->next = NULL;
    fiber->parked = false;
    fiber->cancelled = false;
    fiber->finished = false;
    if (running == NULL)
        fiber_resume(fiber);
    else
        loop_ready(fiber->loop, fiber);
}

int fiber_park(void)
{
    struct fiber *self = running;
    self->parked = true;
    context_switch(&self->context, &scheduler);
    return self->result;
}

void fiber_wake(struct fiber *fiber, int result)
{
    if (!fiber->parked)
        return;
    fiber->parked = false;
    fiber->result = result;
    loop_ready(fiber->loop, fiber);
}

void fiber_cancel(struct fiber *fiber)
{
    fiber->cancelled = true;
    if (fiber->cancellable)
        fiber_wake(fiber, ERROR_CANCELLED);
}

void fiber_queue_add(struct fiber_queue *queue, struct fiber *fiber)
{
    fiber->next = NULL;
    if (queue->first == NULL)
        queue->first = fiber;
    else
        queue->last->next = fiber;
    queue->last = fiber;
}

bool fiber_queue_is_empty(const struct fiber_queue *queue)
{
    return queue->first == NULL;
}

void fiber_queue_run(struct fiber_queue *queue)
{
    struct fiber *fiber = queue->first;
    *queue = (struct fiber_queue){0};
    while (fiber != NULL) {
        struct fiber *next = fiber->next;
        fiber_resume(fiber);
        fiber = next;
    }
}
