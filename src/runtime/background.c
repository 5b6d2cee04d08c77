#include "runtime/background.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

struct background {
    background_fn *fn;
    void *argument;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    atomic_bool stop;
    atomic_bool woken;
};

static void wait_for(struct background *background, int64_t delay)
{
    int64_t when = clock_monotonic() + delay;
    struct timespec until = {.tv_sec = (time_t)(when / CLOCK_SECOND),
                             .tv_nsec = (long)(when % CLOCK_SECOND) * 1000};
    int waited = 0;
    pthread_mutex_lock(&background->mutex);
    while (!atomic_load(&background->stop) && !atomic_load(&background->woken) &&
           waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&background->changed, &background->mutex, &until);
    pthread_mutex_unlock(&background->mutex);
}

static void *background_main(void *argument)
{
    struct background *background = argument;
    while (!atomic_load(&background->stop)) {
        atomic_store(&background->woken, false);
        wait_for(background, background->fn(background->argument, &background->stop));
    }
    return NULL;
}

int background_start(struct background **ret_background, const char *name, background_fn *fn,
                     void *argument)
{
    struct background *background = memory_allocate(sizeof *background);
    background->fn = fn;
    background->argument = argument;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&background->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&background->mutex, NULL);
    if (pthread_create(&background->thread, NULL, background_main, background) != 0) {
        free(background);
        return ERROR_UNAVAILABLE;
    }
    pthread_setname_np(background->thread, name);
    *ret_background = background;
    return 0;
}

void background_wake(struct background *background)
{
    if (atomic_exchange(&background->woken, true))
        return;
    pthread_mutex_lock(&background->mutex);
    pthread_cond_signal(&background->changed);
    pthread_mutex_unlock(&background->mutex);
}

void background_stop(struct background *background)
{
    if (background == NULL)
        return;
    pthread_mutex_lock(&background->mutex);
    atomic_store(&background->stop, true);
    pthread_cond_signal(&background->changed);
    pthread_mutex_unlock(&background->mutex);
    pthread_join(background->thread, NULL);
    pthread_cond_destroy(&background->changed);
    pthread_mutex_destroy(&background->mutex);
    free(background);
}
