/*
 * serve.c: errand serve.
 *
 * The main thread sets everything up, starts the loops and what works beside them, and from then on
 * only waits for the end (program.h).
 */
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "api/idempotency.h"
#include "api/live.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/program.h"
#include "domain/bootstrap.h"
#include "domain/file_sweep.h"
#include "domain/follower.h"
#include "domain/job_broker.h"
#include "domain/job_keeper.h"
#include "domain/operation.h"
#include "domain/password.h"
#include "domain/schedule.h"
#include "domain/token.h"
#include "domain/weather.h"

static unsigned core_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (unsigned)cores;
}

static unsigned loop_count(const struct config *config)
{
    return config->threads > 0 ? (unsigned)config->threads : core_count();
}

/* An IPv6 address stands in brackets in a URL. */
static void announce(const struct config *config, int port)
{
    bool ipv6 = strchr(config->host, ':') != NULL;
    log_info("listening on http://%s%s%s:%d", ipv6 ? "[" : "", config->host, ipv6 ? "]" : "", port);
}

static int serve(const struct command_context *context, struct application *application,
                 unsigned loops)
{
    const struct http_options options = {
        .config = context->config,
        .tables = api_tables,
        .table_count = API_TABLE_COUNT,
        .surfaces = api_surfaces(context->config),
        .loops = loops,
        .application = application,
        .identify = api_identify,
        .share_limit = application->services.redis != NULL ? api_share_limit : NULL,
        .lasting = &live_lasting,
        .run = idempotency_run,
    };
    struct text message = TEXT_NULL;
    if (http_create(&application->http, &options, context->arena, &message) < 0)
        return command_fail(message);
    struct services *services = &application->services;
    int64_t drain_timeout = context->config->drain_timeout;
    struct schedule *schedule = NULL;
    struct followers *followers = NULL;
    struct job_keeper *jobs = NULL;
    int error = live_start(application->live);
    if (error == 0)
        error = http_start(application->http);
    if (error == 0)
        error = schedule_start(&schedule, services);
    if (error == 0)
        error = followers_start(&followers, services);
    if (error == 0)
        error = job_keeper_start(&jobs, services, (unsigned)context->config->workers,
                                 JOB_KEEPER_PATIENT);
    if (error == 0)
        error = job_broker_start(services->broker, services, (unsigned)context->config->workers);
    if (error == 0) {
        announce(context->config, http_port(application->http));
        program_wait();
    }
    int64_t deadline = clock_monotonic() + drain_timeout * CLOCK_SECOND;
    schedule_stop(schedule);
    job_keeper_close(jobs);
    http_drain(application->http, drain_timeout);
    job_keeper_stop(jobs, deadline);
    followers_stop(followers);
    live_stop(application->live);
    http_free(application->http);
    job_broker_stop(services->broker);
    return error < 0 ? command_fail(TEXT("cannot start the threads")) : EXIT_OK;
}

static int prepare_and_serve(const struct command_context *context, struct application *application,
                             unsigned loops)
{
    const struct config *config = context->config;
    struct services *services = &application->services;
    struct text message = TEXT_NULL;
    struct text key;
    if (bootstrap_secret_key(config, context->arena, db_path(services->db), &key, &message) < 0)
        return command_fail(message);
    unsigned password_threads = (core_count() + 1) / 2;
    services->passwords = passwords_create((int)config->bcrypt_cost, password_threads);
    services->tokens =
        tokens_create(key, (enum config_algorithm)config->algorithm, config->token_lifetime, loops);
    services->weather = weather_create(config);
    struct file_sweep *sweep = NULL;
    int code = EXIT_FAILED;
    if (bootstrap_admin(services, context->arena, &message) < 0)
        command_fail(message);
    else if (file_sweep_start(&sweep, services) < 0)
        command_fail(TEXT("cannot sweep UPLOAD_DIR"));
    else
        code = serve(context, application, loops);
    file_sweep_stop(sweep);
    weather_free(services->weather);
    tokens_free(services->tokens);
    passwords_free(services->passwords);
    return code;
}

int command_serve(const struct command_context *context)
{
    if (context->count > 0)
        return command_usage("serve takes no arguments");
    int code = program_start(context);
    if (code != EXIT_OK)
        return code;
    unsigned loops = loop_count(context->config);
    struct operations *operations = operations_create();
    struct application application = {.running_keys = running_keys_create()};
    application.live = live_create(&application.services, loops);
    code = program_open(context, loops, operations, &application.services);
    if (code == EXIT_OK) {
        code = prepare_and_serve(context, &application, loops);
        program_close(&application.services);
    }
    live_free(application.live);
    running_keys_free(application.running_keys);
    operations_free(operations);
    program_end(code);
    return code;
}
