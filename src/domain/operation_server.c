#include "domain/operation_server.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "domain/file.h"
#include "domain/job_list.h"
#include "domain/notification.h"
#include "domain/task_log.h"

static struct services *services_of_operation(const struct operation *operation)
{
    return (struct services *)operation->context;
}

/* The result of most of them: how many it was done to. */
static int count_result(struct operation_run *run, int error, int64_t count)
{
    if (error >= 0)
        run->result = arena_format(run->arena, "%jd", (intmax_t)count);
    return error;
}

static int background_task(const struct operation *operation, struct operation_run *run)
{
    (void)operation;
    run->result = TEXT("done");
    return 0;
}

static bool is_stopping(void *argument)
{
    struct operation_run *run = argument;
    return run->is_cancelled(run);
}

static int log_tasks(const struct operation *operation, struct operation_run *run)
{
    int64_t day;
    if (text_parse_integer(run->data, &day) < 0) {
        run->permanent = true;
        return ERROR_INVALID;
    }
    int64_t count = 0;
    int error = task_log_write_day(services_of_operation(operation), day, is_stopping, run, &count);
    return count_result(run, error, count);
}

static int sweep_jobs(const struct operation *operation, struct operation_run *run)
{
    struct services *services = services_of_operation(operation);
    int64_t count = 0;
    int error =
        job_sweep(services, clock_now() - services->config->job_result_ttl * CLOCK_SECOND, &count);
    return count_result(run, error, count);
}

static int collect_files(const struct operation *operation, struct operation_run *run)
{
    int64_t count = 0;
    int error = file_collect(services_of_operation(operation), &count);
    return count_result(run, error, count);
}

static int notify(const struct operation *operation, struct operation_run *run)
{
    int64_t count = 0;
    int error = notification_record(services_of_operation(operation), run->data, &count);
    run->permanent = error == ERROR_INVALID;
    return count_result(run, error, count);
}

static const struct operation rows[] = {
    {.name = OPERATION_BACKGROUND_TASK, .summary = "Nothing, for show", .run = background_task},
    {.name = OPERATION_LOG_TASKS, .summary = "The task log of a day", .run = log_tasks},
    {.name = OPERATION_SWEEP_JOBS,
     .summary = "Removes jobs that were over long ago",
     .run = sweep_jobs},
    {.name = OPERATION_COLLECT_FILES,
     .summary = "Removes bytes of deleted files",
     .run = collect_files},
    {.name = OPERATION_NOTIFY, .summary = "Tells of a completed task", .run = notify},
};

void operation_server_add(struct operations *operations, struct services *services)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct operation operation = rows[i];
        operation.internal = true;
        operation.context = services;
        if (operations_add(operations, &operation) < 0)
            abort(); /* two rows of one name */
    }
}
