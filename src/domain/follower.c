#include "domain/follower.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "domain/audit_seal.h"
#include "domain/event_gap.h"
#include "domain/task_search.h"
#include "runtime/background.h"

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

enum {
    FOLLOWER_COUNT = sizeof table / sizeof table[0],
    LOOK_AHEAD = 2000, /* rows; as many as any follower takes at a time */
};

#define LOOK_INTERVAL (CLOCK_SECOND / 2)
#define RETRY_DELAY (10 * CLOCK_SECOND) /* after a failure */

struct followers {
    struct services *services;
    struct background *background;
    struct event_gap gaps[FOLLOWER_COUNT]; /* of each follower */
};

struct step {
    const struct follower *follower;
    struct event_gap *gap;
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
    error = event_gap_find_limit(connection, step->gap, part->position, LOOK_AHEAD, &part->limit);
    if (error < 0)
        return error;
    part->last = part->position;
    return part->limit > part->position ? step->follower->prepare(connection, part) : 0;
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
static int follow(struct followers *followers, size_t number)
{
    const struct follower *follower = &table[number];
    struct arena arena;
    arena_init(&arena);
    struct step step = {follower, &followers->gaps[number], {.arena = &arena}};
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
static int64_t follow_all(void *argument, const atomic_bool *stop)
{
    struct followers *followers = argument;
    int64_t delay = LOOK_INTERVAL;
    for (size_t i = 0; i < FOLLOWER_COUNT; i++) {
        int result = 1;
        while (result > 0 && !atomic_load(stop))
            result = follow(followers, i);
        if (result < 0) {
            log_error("follower %s failed: %s; trying again", table[i].name, error_text(result));
            delay = RETRY_DELAY;
        }
    }
    return delay;
}

int followers_start(struct followers **ret_followers, struct services *services)
{
    struct followers *followers = memory_allocate(sizeof *followers);
    followers->services = services;
    int error = background_start(&followers->background, "errand-follow", follow_all, followers);
    if (error < 0) {
        free(followers);
        return error;
    }
    *ret_followers = followers;
    return 0;
}

void followers_stop(struct followers *followers)
{
    if (followers == NULL)
        return;
    background_stop(followers->background);
    free(followers);
}
