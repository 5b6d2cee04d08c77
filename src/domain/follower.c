#include "domain/follower.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "domain/audit_seal.h"
#include "domain/task_search.h"

struct follower {
    const char *name;
    /* prepare: in a read. apply: in the write that moves the position. 0 or a negative code. */
    int (*prepare)(struct db_connection *connection, struct follower_part *part);
    int (*apply)(struct db_connection *connection, struct follower_part *part);
};

static const struct follower table[] = {
    {AUDIT_SEAL_FOLLOWER, audit_seal_prepare, audit_seal_apply},
    {TASK_SEARCH_FOLLOWER, task_search_prepare, task_search_apply},
};

#define LOOK_INTERVAL (CLOCK_SECOND / 2)
#define RETRY_DELAY (10 * CLOCK_SECOND) /* after a failure */

struct followers {
    struct services *services;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t stopping;
    atomic_bool stop;
};

struct step {
    const struct follower *follower;
    struct follower_part part;
};

static int run_prepare(struct db_connection *connection, void *argument)
{
    struct step *step = argument;
    struct follower_part *part = &step->part;
    int error =
        db_query_integer(connection, TEXT("SELECT position FROM followers WHERE name = $1"),
                         DB_VALUES(db_text(text_from(step->follower->name))), &part->position);
    if (error == ERROR_NOT_FOUND)
        part->position = 0;
    else if (error < 0)
        return error;
    part->last = part->position;
    return step->follower->prepare(connection, part);
}

static int run_apply(struct db_connection *connection, void *argument)
{
    struct step *step = argument;
    struct follower_part *part = &step->part;
    int moved = db_execute(connection,
                           TEXT("INSERT INTO followers (name, position) VALUES ($1, $2) "
                                "ON CONFLICT (name) DO UPDATE SET position = excluded.position "
                                "WHERE followers.position = $3"),
                           DB_VALUES(db_text(text_from(step->follower->name)),
                                     db_integer(part->last), db_integer(part->position)));
    if (moved < 0)
        return moved;
    return moved == 0 ? ERROR_STALE : step->follower->apply(connection, part);
}

/* One part: 1 when something was done, 0 when there was nothing to do, or an error. */
static int follow(struct followers *followers, const struct follower *follower)
{
    struct arena arena;
    arena_init(&arena);
    struct step step = {follower, {.arena = &arena}};
    int result = db_read(followers->services->db, DB_HEAVY, run_prepare, &step);
    if (result >= 0 && step.part.last > step.part.position) {
        result = db_write(followers->services->db, run_apply, &step);
        if (result >= 0 || result == ERROR_STALE)
            result = 1;
    }
    arena_release(&arena);
    return result;
}

/* Lets everyone follow to the end of the log; returns how long to wait then. */
static int64_t follow_all(struct followers *followers)
{
    int64_t delay = LOOK_INTERVAL;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int result = 1;
        while (result > 0 && !atomic_load(&followers->stop))
            result = follow(followers, &table[i]);
        if (result < 0) {
            log_error("follower %s failed: %s; trying again", table[i].name, error_text(result));
            delay = RETRY_DELAY;
        }
    }
    return delay;
}

static void wait_for(struct followers *followers, int64_t delay)
{
    int64_t when = clock_now() + delay;
    struct timespec until = {.tv_sec = (time_t)(when / CLOCK_SECOND),
                             .tv_nsec = (long)(when % CLOCK_SECOND) * 1000};
    pthread_mutex_lock(&followers->mutex);
    int timed_out = 0;
    while (!atomic_load(&followers->stop) && timed_out == 0)
        timed_out = pthread_cond_timedwait(&followers->stopping, &followers->mutex, &until);
    pthread_mutex_unlock(&followers->mutex);
}

static void *followers_main(void *argument)
{
    struct followers *followers = argument;
    while (!atomic_load(&followers->stop))
        wait_for(followers, follow_all(followers));
    return NULL;
}

int followers_start(struct followers **ret_followers, struct services *services)
{
    struct followers *followers = memory_allocate(sizeof *followers);
    followers->services = services;
    pthread_mutex_init(&followers->mutex, NULL);
    pthread_cond_init(&followers->stopping, NULL);
    if (pthread_create(&followers->thread, NULL, followers_main, followers) != 0) {
        free(followers);
        return ERROR_UNAVAILABLE;
    }
    pthread_setname_np(followers->thread, "errand-follow");
    *ret_followers = followers;
    return 0;
}

void followers_stop(struct followers *followers)
{
    if (followers == NULL)
        return;
    pthread_mutex_lock(&followers->mutex);
    atomic_store(&followers->stop, true);
    pthread_cond_signal(&followers->stopping);
    pthread_mutex_unlock(&followers->mutex);
    pthread_join(followers->thread, NULL);
    pthread_cond_destroy(&followers->stopping);
    pthread_mutex_destroy(&followers->mutex);
    free(followers);
}
