#include "runtime/offload.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "runtime/wait.h"

/* One call, on the stack of its waiter. */
struct call {
    struct call *next;
    void (*fn)(void *argument);
    void *argument;
    struct completion completion;
};

struct offload {
    struct offload_options options;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct call *first;
    struct call *last;
    size_t queued;
    size_t idle;
    size_t started;
    bool stopping;
    pthread_t threads[];
};

struct offload *offload_create(const struct offload_options *options)
{
    struct offload *pool =
        memory_allocate(sizeof *pool + options->threads * sizeof pool->threads[0]);
    pool->options = *options;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->changed, NULL);
    return pool;
}

void offload_free(struct offload *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->started; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

static struct call *take_call(struct offload *pool)
{
    pool->idle++;
    while (pool->first == NULL && !pool->stopping)
        pthread_cond_wait(&pool->changed, &pool->mutex);
    pool->idle--;
    struct call *call = pool->first;
    if (call != NULL) {
        pool->first = call->next;
        pool->queued--;
    }
    return call;
}

static void *thread_main(void *argument)
{
    struct offload *pool = argument;
    pthread_setname_np(pthread_self(), pool->options.name);
    if (pool->options.nice != 0) /* on Linux the nice value belongs to the thread */
        setpriority(PRIO_PROCESS, (id_t)gettid(), pool->options.nice);
    pthread_mutex_lock(&pool->mutex);
    struct call *call;
    while ((call = take_call(pool)) != NULL) {
        pthread_mutex_unlock(&pool->mutex);
        call->fn(call->argument);
        completion_signal(&call->completion, 0);
        pthread_mutex_lock(&pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* A thread more, when all are at work. If it cannot be had, those that exist do the work. */
static void start_thread(struct offload *pool)
{
    if (pool->idle > pool->queued || pool->started == pool->options.threads)
        return;
    if (pthread_create(&pool->threads[pool->started], NULL, thread_main, pool) == 0)
        pool->started++;
}

int offload_run(struct offload *pool, void (*fn)(void *argument), void *argument)
{
    struct call call = {.fn = fn, .argument = argument};
    pthread_mutex_lock(&pool->mutex);
    if (pool->queued >= pool->options.queue_limit) {
        pthread_mutex_unlock(&pool->mutex);
        return ERROR_BUSY;
    }
    start_thread(pool);
    if (pool->started == 0) {
        pthread_mutex_unlock(&pool->mutex);
        return ERROR_BUSY;
    }
    completion_init(&call.completion);
    if (pool->first == NULL)
        pool->first = &call;
    else
        pool->last->next = &call;
    pool->last = &call;
    pool->queued++;
    pthread_cond_signal(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    return wait_done(&call.completion);
}
