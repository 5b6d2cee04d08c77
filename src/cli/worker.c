/*
 * worker.c: errand worker: carries out jobs, apart from any server.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/program.h"
#include "domain/job_broker.h"
#include "domain/job_keeper.h"
#include "domain/operation_program.h"

static int work(const struct command_context *context, struct services *services)
{
    unsigned threads = context->config->workers < 1 ? 1 : (unsigned)context->config->workers;
    struct job_keeper *jobs = NULL;
    int error = job_keeper_start(&jobs, services, threads, JOB_KEEPER_ALERT);
    if (error == 0)
        error = job_broker_start(services->broker, services, threads);
    if (error == 0) {
        log_info("working with %u thread%s", threads, threads == 1 ? "" : "s");
        program_wait();
    }
    job_keeper_stop(jobs, clock_monotonic() + context->config->drain_timeout * CLOCK_SECOND);
    job_broker_stop(services->broker);
    return error < 0 ? command_fail(TEXT("cannot start the threads")) : EXIT_OK;
}

/* Adds what --exec says, as often as it does. EXIT_OK, or another code after saying why. */
static int add_programs(const struct command_context *context, struct operations *operations)
{
    for (int i = 0; i < context->count; i += 2) {
        struct text message;
        if (strcmp(context->arguments[i], "--exec") != 0 || i + 1 == context->count)
            return command_usage("worker takes nothing but --exec NAME=PROGRAM");
        if (operation_program_add(operations, context->arena, context->arguments[i + 1], &message) <
            0)
            return command_fail(message);
    }
    return EXIT_OK;
}

int command_worker(const struct command_context *context)
{
    struct operations *operations = operations_create();
    int code = add_programs(context, operations);
    if (code == EXIT_OK)
        code = program_start(context);
    if (code != EXIT_OK) {
        operations_free(operations);
        return code;
    }
    struct services services;
    code = program_open(context, 0, operations, &services);
    if (code == EXIT_OK) {
        code = work(context, &services);
        program_close(&services);
    }
    operations_free(operations);
    program_end(code);
    return code;
}
