/*
 * serve.c: errand serve.
 *
 * The main thread sets everything up, starts the loops, and from then on only waits for signals:
 * SIGTERM or SIGINT drain (a second one ends at once), SIGHUP reopens the log file.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "api/idempotency.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "blob/blob.h"
#include "cache/cache.h"
#include "cli/command.h"
#include "domain/bootstrap.h"
#include "domain/file.h"
#include "domain/follower.h"
#include "domain/password.h"
#include "domain/schedule.h"
#include "domain/token.h"
#include "domain/weather.h"
#include "net/net.h"

enum { CACHE_LIMIT = 32 << 20 }; /* bytes */

static unsigned core_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (unsigned)cores;
}

static unsigned loop_count(const struct config *config)
{
    return config->threads > 0 ? (unsigned)config->threads : core_count();
}

static sigset_t handled_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    return signals;
}

static void *end_at_once(void *unused)
{
    (void)unused;
    sigset_t signals = handled_signals();
    int received = SIGHUP;
    while (received == SIGHUP)
        sigwait(&signals, &received);
    log_warning("ended by a second signal");
    log_stop();
    _exit(EXIT_FAILED);
}

static void wait_for_end(void)
{
    sigset_t signals = handled_signals();
    int received = SIGHUP;
    while (received == SIGHUP) {
        sigwait(&signals, &received);
        if (received == SIGHUP)
            log_reopen();
    }
    log_info("received %s, draining", received == SIGTERM ? "SIGTERM" : "SIGINT");
    pthread_t impatient;
    if (pthread_create(&impatient, NULL, end_at_once, NULL) == 0)
        pthread_detach(impatient);
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
        .run = idempotency_run,
    };
    struct text message = TEXT_NULL;
    if (http_create(&application->http, &options, context->arena, &message) < 0)
        return command_fail(message);
    struct schedule *schedule = NULL;
    struct followers *followers = NULL;
    int error = http_start(application->http);
    if (error == 0)
        error = schedule_start(&schedule, &application->services);
    if (error == 0)
        error = followers_start(&followers, &application->services);
    if (error == 0) {
        announce(context->config, http_port(application->http));
        wait_for_end();
    }
    schedule_stop(schedule);
    http_drain(application->http, context->config->drain_timeout);
    followers_stop(followers);
    http_free(application->http);
    return error < 0 ? command_fail(TEXT("cannot start the event loops")) : EXIT_OK;
}

static int prepare_and_serve(const struct command_context *context, struct services *services,
                             struct application *application, unsigned loops)
{
    const struct config *config = context->config;
    struct text message = TEXT_NULL;
    struct text key;
    if (bootstrap_secret_key(config, context->arena, db_path(services->db), &key, &message) < 0)
        return command_fail(message);
    unsigned password_threads = (core_count() + 1) / 2;
    services->passwords = passwords_create((int)config->bcrypt_cost, password_threads);
    services->tokens =
        tokens_create(key, (enum config_algorithm)config->algorithm, config->token_lifetime, loops);
    services->net = net_create(loops);
    services->weather = weather_create(config);
    services->blobs = blobs_create(config->upload_dir);
    int code = EXIT_FAILED;
    if (bootstrap_admin(services, context->arena, &message) < 0)
        command_fail(message);
    else if (file_sweep(services, context->arena) < 0)
        command_fail(TEXT("cannot sweep UPLOAD_DIR"));
    else
        code = serve(context, application, loops);
    blobs_free(services->blobs);
    weather_free(services->weather);
    net_free(services->net);
    tokens_free(services->tokens);
    passwords_free(services->passwords);
    return code;
}

int command_serve(const struct command_context *context)
{
    if (context->count > 0)
        return command_usage("serve takes no arguments");
    const struct config *config = context->config;
    const struct log_options log_options = {
        .level = (enum log_level)config->log_level,
        .json = config->log_json != 0,
        .file = config->log_file,
    };
    sigset_t signals = handled_signals();
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (log_start(&log_options) < 0)
        return command_fail(
            arena_format(context->arena, "LOG_FILE %s: %s", config->log_file, strerror(errno)));
    config_warn();
    unsigned loops = loop_count(config);
    struct application application = {
        .services = {.config = config,
                     .started_at = clock_monotonic(),
                     .cache = cache_create(CACHE_LIMIT)},
        .running_keys = running_keys_create(),
    };
    int code = EXIT_FAILED;
    application.services.db = command_open_database(context, loops);
    if (application.services.db != NULL) {
        code = prepare_and_serve(context, &application.services, &application, loops);
        db_close(application.services.db);
    }
    running_keys_free(application.running_keys);
    cache_free(application.services.cache);
    if (code == EXIT_OK)
        log_info("stopped");
    log_stop();
    return code;
}
