#include "domain/schedule.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "domain/job.h"
#include "domain/job_queue.h"
#include "domain/operation_server.h"
#include "runtime/background.h"

struct entry {
    const char *operation;
    int64_t period;
    int64_t catch_up; /* missed periods that are made up for */
};

static const struct entry entries[] = {
    {OPERATION_LOG_TASKS, CLOCK_DAY, 31},
    {OPERATION_SWEEP_JOBS, CLOCK_HOUR, 0},
    {OPERATION_COLLECT_FILES, CLOCK_DAY, 0},
};

#define LOOK_INTERVAL (CLOCK_MINUTE / 2) /* at the latest: the clock may be set meanwhile */

/* Held by who orders what is due. */
#define SCHEDULE_LOCK INT64_C(7310034118204613)

struct schedule {
    struct services *services;
    struct background *background;
};

/* An entry that is looked at. */
struct look {
    const struct entry *entry;
    int64_t now;     /* the number of the period that it is */
    int64_t ordered; /* how many jobs; the others are null or none */
    int64_t skipped;
};

/* The last period that was seen to; the one before this where none ever was. */
static int read_mark(struct db_connection *connection, const struct look *look, int64_t *ret_last)
{
    int error =
        db_query_integer(connection, TEXT("SELECT last_period FROM schedule WHERE job = $1"),
                         DB_VALUES(db_text(text_from(look->entry->operation))), ret_last);
    if (error != ERROR_NOT_FOUND)
        return error;
    *ret_last = look->now - 1;
    return 0;
}

static int run_read_mark(struct db_connection *connection, void *argument)
{
    const struct look *look = argument;
    int64_t last;
    int error = read_mark(connection, look, &last);
    return error < 0 ? error : last < look->now;
}

static int order(struct db_connection *connection, const struct look *look, int64_t period)
{
    struct arena arena;
    arena_init(&arena);
    const struct job_order order = {
        .operation = look->entry->operation,
        .data = arena_format(&arena, "%jd", (intmax_t)period),
    };
    int error = job_order(connection, &arena, &order);
    arena_release(&arena);
    return error;
}

/* Orders what is due and moves the mark; another server may have done so since the look. */
static int run_order(struct db_connection *connection, void *argument)
{
    struct look *look = argument;
    int64_t last;
    int error = db_lock(connection, SCHEDULE_LOCK);
    if (error >= 0)
        error = read_mark(connection, look, &last);
    if (error < 0)
        return error;
    int64_t first = last + 1;
    look->ordered = look->skipped = 0;
    if (first < look->now - look->entry->catch_up) {
        look->skipped = look->now - look->entry->catch_up - first;
        first = look->now - look->entry->catch_up;
    }
    for (int64_t period = first; error >= 0 && period <= look->now; period++) {
        error = order(connection, look, period);
        look->ordered++;
    }
    if (error < 0 || look->ordered == 0)
        return error;
    error =
        db_execute(connection,
                   TEXT("INSERT INTO schedule (job, last_period) VALUES ($1, $2) "
                        "ON CONFLICT (job) DO UPDATE SET last_period = excluded.last_period"),
                   DB_VALUES(db_text(text_from(look->entry->operation)), db_integer(look->now)));
    return error < 0 ? error : 0;
}

static int see_to(struct schedule *schedule, const struct entry *entry, int64_t now)
{
    struct look look = {.entry = entry, .now = now / entry->period};
    int due = db_read(schedule->services->db, DB_LIGHT, run_read_mark, &look);
    if (due <= 0)
        return due;
    int error = db_write(schedule->services->db, run_order, &look);
    if (error < 0)
        return error;
    if (look.skipped > 0 && entry->catch_up > 0)
        log_warning("schedule: %s was missed for longer than %jd times; those before are left out",
                    entry->operation, (intmax_t)entry->catch_up);
    job_queue_call(schedule->services->jobs, look.ordered);
    return 0;
}

/* How long it is to the next beginning of a period. */
static int64_t time_to_next(int64_t now)
{
    int64_t delay = LOOK_INTERVAL;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        int64_t left = entries[i].period - now % entries[i].period;
        if (left < delay)
            delay = left;
    }
    return delay;
}

static int64_t look_around(void *argument, const atomic_bool *stop)
{
    struct schedule *schedule = argument;
    int64_t now = clock_now();
    for (size_t i = 0; i < sizeof entries / sizeof entries[0] && !atomic_load(stop); i++) {
        int error = see_to(schedule, &entries[i], now);
        if (error < 0)
            log_error("schedule: %s failed: %s; trying again", entries[i].operation,
                      error_text(error));
    }
    return time_to_next(clock_now());
}

int schedule_start(struct schedule **ret_schedule, struct services *services)
{
    struct schedule *schedule = memory_allocate(sizeof *schedule);
    schedule->services = services;
    int error = background_start(&schedule->background, "errand-schedule", look_around, schedule);
    if (error < 0) {
        free(schedule);
        return error;
    }
    *ret_schedule = schedule;
    return 0;
}

void schedule_stop(struct schedule *schedule)
{
    if (schedule == NULL)
        return;
    background_stop(schedule->background);
    free(schedule);
}
