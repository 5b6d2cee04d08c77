#include "domain/job_keeper.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "domain/job_broker.h"
#include "domain/job_lease.h"
#include "domain/job_operation.h"
#include "domain/job_queue.h"
#include "domain/job_workers.h"
#include "runtime/background.h"
#include "runtime/wake.h"

struct job_keeper {
    struct services *services;
    struct job_workers *workers;
    int64_t interval;
    struct background *background;
    int64_t now;  /* the wall clock of this round */
    bool failing; /* the last round did, and the log has it */
    int64_t *due; /* when each duty comes next, by clock_monotonic() */
};

/* Each looks first, and writes only when there is something to do. */

static int run_has_due(struct db_connection *connection, void *argument)
{
    const struct job_keeper *keeper = argument;
    int64_t one;
    int error = db_query_integer(connection,
                                 TEXT("SELECT 1 FROM jobs WHERE status IN (1, 4) "
                                      "AND run_at <= $1 LIMIT 1"),
                                 DB_VALUES(db_integer(keeper->now)), &one);
    return error == ERROR_NOT_FOUND ? 0 : error == 0 ? 1 : error;
}

static int run_promote(struct db_connection *connection, void *argument)
{
    const struct job_keeper *keeper = argument;
    return job_lease_promote(connection, keeper->now);
}

static int promote(struct job_keeper *keeper)
{
    int due = db_read(keeper->services->db, DB_SINGLE, run_has_due, keeper);
    while (due > 0) {
        due = db_write(keeper->services->db, run_promote, keeper);
        if (due > 0)
            job_queue_wake(keeper->services->jobs, due);
    }
    return due;
}

static int run_has_expired(struct db_connection *connection, void *argument)
{
    const struct job_keeper *keeper = argument;
    int64_t one;
    int error = db_query_integer(connection,
                                 TEXT("SELECT 1 FROM jobs WHERE status = 2 "
                                      "AND lease_until < $1 LIMIT 1"),
                                 DB_VALUES(db_integer(keeper->now)), &one);
    return error == ERROR_NOT_FOUND ? 0 : error == 0 ? 1 : error;
}

static int run_recover(struct db_connection *connection, void *argument)
{
    const struct job_keeper *keeper = argument;
    struct arena arena;
    arena_init(&arena);
    int count = job_lease_recover(connection, &arena, keeper->now);
    arena_release(&arena);
    return count;
}

static int recover(struct job_keeper *keeper)
{
    int expired = db_read(keeper->services->db, DB_SINGLE, run_has_expired, keeper);
    while (expired > 0) {
        expired = db_write(keeper->services->db, run_recover, keeper);
        if (expired <= 0)
            break;
        log_warning("took %d job%s from workers that were not heard of", expired,
                    expired == 1 ? "" : "s");
        job_queue_wake(keeper->services->jobs, expired);
    }
    return expired;
}

static int run_count(struct db_connection *connection, void *argument)
{
    return db_query_integer(connection, TEXT("SELECT count(*) FROM jobs WHERE status = 0"),
                            DB_NO_VALUES, argument);
}

static int count(struct job_keeper *keeper)
{
    int64_t depth;
    int error = db_read(keeper->services->db, DB_SINGLE, run_count, &depth);
    if (error >= 0)
        job_queue_set_depth(keeper->services->jobs, depth);
    return error;
}

static int run_has_queued(struct db_connection *connection, void *argument)
{
    (void)argument;
    int64_t one;
    int error = db_query_integer(connection, TEXT("SELECT 1 FROM jobs WHERE status = 0 LIMIT 1"),
                                 DB_NO_VALUES, &one);
    return error == ERROR_NOT_FOUND ? 0 : error == 0 ? 1 : error;
}

/* Whether one of the server's own waits. */
static int run_has_internal(struct db_connection *connection, void *argument)
{
    const struct job_keeper *keeper = argument;
    const struct operations *operations = job_queue_operations(keeper->services->jobs);
    int error = ERROR_NOT_FOUND;
    for (size_t i = 0; error == ERROR_NOT_FOUND && i < operations_count(operations); i++) {
        const struct operation *operation = operations_at(operations, i);
        int64_t one;
        if (operation->internal)
            error = db_query_integer(
                connection, TEXT("SELECT 1 FROM jobs WHERE status = 0 AND operation = $1 LIMIT 1"),
                DB_VALUES(db_text(text_from(operation->name))), &one);
    }
    return error == ERROR_NOT_FOUND ? 0 : error == 0 ? 1 : error;
}

/* Another process may have queued it. What a broker carries, that will bring. */
static int wake(struct job_keeper *keeper)
{
    bool carried = job_broker_is_up(keeper->services->broker);
    int queued = carried ? db_read(keeper->services->db, DB_LIGHT, run_has_internal, keeper)
                         : db_read(keeper->services->db, DB_SINGLE, run_has_queued, keeper);
    if (queued > 0)
        job_queue_call(keeper->services->jobs, 0);
    return queued;
}

/* Unless it does not. */
static int look_for_strays(struct job_keeper *keeper)
{
    if (!job_broker_is_up(keeper->services->broker))
        return 0;
    int queued = db_read(keeper->services->db, DB_SINGLE, run_has_queued, keeper);
    if (queued > 0)
        job_queue_call(keeper->services->jobs, 0);
    return queued;
}

static int tend(struct job_keeper *keeper)
{
    return job_workers_tend(keeper->workers);
}

static int note_operations(struct job_keeper *keeper)
{
    return job_operation_note(keeper->services);
}

static const struct duty {
    const char *name;
    int64_t interval; /* microseconds; 0: in every round */
    int (*run)(struct job_keeper *keeper);
} duties[] = {
    {"looking after running jobs", 0, tend},
    {"queuing jobs whose time has come", 0, promote},
    {"looking for queued jobs", 0, wake},
    {"looking for jobs that the broker has not brought", CLOCK_SECOND, look_for_strays},
    {"taking over jobs of dead workers", CLOCK_SECOND / 2, recover},
    {"counting the queue", CLOCK_SECOND, count},
    {"noting the operations", CLOCK_HOUR, note_operations},
};

enum { DUTY_COUNT = sizeof duties / sizeof duties[0] };

/* An error is told once, until a round goes well again. */
static int64_t run_round(void *argument, const atomic_bool *stop)
{
    struct job_keeper *keeper = argument;
    bool failed = false;
    int64_t now = clock_monotonic();
    keeper->now = clock_now();
    for (size_t i = 0; i < DUTY_COUNT && !atomic_load(stop); i++) {
        if (now < keeper->due[i])
            continue;
        keeper->due[i] = now + duties[i].interval;
        int error = duties[i].run(keeper);
        if (error >= 0)
            continue;
        if (!failed && !keeper->failing)
            log_error("jobs: %s failed: %s; trying again", duties[i].name, error_text(error));
        failed = true;
    }
    keeper->failing = failed;
    bool told = wake_is_carried(keeper->services->wake);
    return told && keeper->interval < JOB_KEEPER_PATIENT ? JOB_KEEPER_PATIENT : keeper->interval;
}

int job_keeper_start(struct job_keeper **ret_keeper, struct services *services, unsigned workers,
                     int64_t interval)
{
    struct job_keeper *keeper = memory_allocate(sizeof *keeper);
    keeper->services = services;
    keeper->interval = interval;
    keeper->due = memory_allocate(DUTY_COUNT * sizeof *keeper->due);
    int error = job_workers_start(&keeper->workers, services, workers);
    if (error == 0)
        error = background_start(&keeper->background, "errand-keeper", run_round, keeper);
    if (error < 0) {
        job_keeper_stop(keeper, 0);
        return error;
    }
    *ret_keeper = keeper;
    return 0;
}

void job_keeper_close(struct job_keeper *keeper)
{
    if (keeper != NULL)
        job_workers_close(keeper->workers);
}

/* The workers need their keeper until the last of them is done. */
void job_keeper_stop(struct job_keeper *keeper, int64_t deadline)
{
    if (keeper == NULL)
        return;
    job_workers_finish(keeper->workers, deadline);
    background_stop(keeper->background);
    job_workers_free(keeper->workers);
    free(keeper->due);
    free(keeper);
}
