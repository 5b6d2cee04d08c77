#include "domain/schedule.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "db/db.h"
#include "domain/task_log.h"

struct job {
    const char *name;
    /* run: does the job for one day; what it did goes to the log as `*ret_count` `unit`. */
    int (*run)(struct services *services, int64_t day, const atomic_bool *stop, int64_t *ret_count);
    const char *unit;
};

static const struct job jobs[] = {
    {"log_tasks", task_log_write_day, "tasks"},
};

#define RETRY_DELAY CLOCK_MINUTE /* after a failure */

struct schedule {
    struct services *services;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t stopping;
    atomic_bool stop;
};

/* The mark of a job: the last day that it was done for. */
struct mark {
    const struct job *job;
    int64_t last_day;
};

static int run_read_mark(struct db_connection *connection, void *argument)
{
    struct mark *mark = argument;
    return db_query_integer(connection, TEXT("SELECT last_day FROM schedule WHERE job = $1"),
                            DB_VALUES(db_text(text_from(mark->job->name))), &mark->last_day);
}

static int run_write_mark(struct db_connection *connection, void *argument)
{
    const struct mark *mark = argument;
    return db_execute(connection,
                      TEXT("INSERT INTO schedule (job, last_day) VALUES ($1, $2) "
                           "ON CONFLICT (job) DO UPDATE SET last_day = excluded.last_day "
                           "WHERE schedule.last_day < excluded.last_day"),
                      DB_VALUES(db_text(text_from(mark->job->name)), db_integer(mark->last_day)));
}

static int run_day(struct schedule *schedule, const struct job *job, int64_t day)
{
    int64_t count;
    int error = job->run(schedule->services, day, &schedule->stop, &count);
    struct mark mark = {job, day};
    if (error >= 0)
        error = db_write(schedule->services->db, run_write_mark, &mark);
    if (error < 0)
        return error;
    char date[CLOCK_DATE_SIZE];
    clock_format_date(day, date);
    log_info("schedule: %s for %s: %jd %s", job->name, date, (intmax_t)count, job->unit);
    return 0;
}

static int run_due(struct schedule *schedule, const struct job *job, int64_t today)
{
    struct mark mark = {.job = job};
    int error = db_read(schedule->services->db, DB_LIGHT, run_read_mark, &mark);
    if (error == ERROR_NOT_FOUND)
        mark.last_day = today - 1;
    else if (error < 0)
        return error;
    int64_t day = mark.last_day + 1;
    if (day < today - SCHEDULE_CATCH_UP) {
        log_warning("schedule: %s was missed for longer than %d days; those before are left out",
                    job->name, SCHEDULE_CATCH_UP);
        day = today - SCHEDULE_CATCH_UP;
    }
    for (; day <= today; day++) {
        error = run_day(schedule, job, day);
        if (error < 0)
            return error;
    }
    return 0;
}

/* Does what is due; returns when to look again. */
static int64_t run_jobs(struct schedule *schedule)
{
    int64_t today = clock_now() / CLOCK_DAY;
    int64_t again = (today + 1) * CLOCK_DAY;
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        int error = run_due(schedule, &jobs[i], today);
        if (error == ERROR_CANCELLED)
            break;
        if (error < 0) {
            log_error("schedule: %s failed: %s; trying again", jobs[i].name, error_text(error));
            again = clock_now() + RETRY_DELAY;
        }
    }
    return again;
}

/* Waits on the wall clock, which may be set or have slept, so it is read again afterwards. */
static void wait_until(struct schedule *schedule, int64_t when)
{
    struct timespec until = {.tv_sec = (time_t)(when / CLOCK_SECOND),
                             .tv_nsec = (long)(when % CLOCK_SECOND) * 1000};
    pthread_mutex_lock(&schedule->mutex);
    int timed_out = 0;
    while (!atomic_load(&schedule->stop) && timed_out == 0)
        timed_out = pthread_cond_timedwait(&schedule->stopping, &schedule->mutex, &until);
    pthread_mutex_unlock(&schedule->mutex);
}

static void *schedule_main(void *argument)
{
    struct schedule *schedule = argument;
    while (!atomic_load(&schedule->stop))
        wait_until(schedule, run_jobs(schedule));
    return NULL;
}

int schedule_start(struct schedule **ret_schedule, struct services *services)
{
    struct schedule *schedule = memory_allocate(sizeof *schedule);
    schedule->services = services;
    pthread_mutex_init(&schedule->mutex, NULL);
    pthread_cond_init(&schedule->stopping, NULL);
    if (pthread_create(&schedule->thread, NULL, schedule_main, schedule) != 0) {
        free(schedule);
        return ERROR_UNAVAILABLE;
    }
    pthread_setname_np(schedule->thread, "errand-schedule");
    *ret_schedule = schedule;
    return 0;
}

void schedule_stop(struct schedule *schedule)
{
    if (schedule == NULL)
        return;
    pthread_mutex_lock(&schedule->mutex);
    atomic_store(&schedule->stop, true);
    pthread_cond_signal(&schedule->stopping);
    pthread_mutex_unlock(&schedule->mutex);
    pthread_join(schedule->thread, NULL);
    pthread_cond_destroy(&schedule->stopping);
    pthread_mutex_destroy(&schedule->mutex);
    free(schedule);
}
