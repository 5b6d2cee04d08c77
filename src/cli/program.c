#include "cli/program.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "blob/blob.h"
#include "cache/cache.h"
#include "cache/redis.h"
#include "db/migrate.h"
#include "domain/job_broker.h"
#include "domain/job_external.h"
#include "domain/job_queue.h"
#include "domain/operation_server.h"
#include "net/net.h"
#include "runtime/carrier.h"
#include "runtime/wake.h"

enum { CACHE_LIMIT = 32 << 20 }; /* bytes */

static sigset_t handled_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    return signals;
}

int program_start(const struct command_context *context)
{
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
    return EXIT_OK;
}

static int open_blobs(const struct command_context *context, const struct db *db, struct net *net,
                      struct blobs **ret_blobs)
{
    const struct config *config = context->config;
    const struct blobs_options options = {
        .folder = config->upload_dir,
        .largest = config->max_upload_size,
        .is_shared = db_path(db) == NULL,
        .net = net,
        .s3 = {.endpoint = config->s3_endpoint,
               .bucket = config->s3_bucket,
               .access_key = config->s3_access_key,
               .secret_key = config->s3_secret_key,
               .region = config->s3_region,
               .timeout = config->s3_timeout * CLOCK_SECOND},
    };
    struct text message;
    if (blobs_create(ret_blobs, &options, context->arena, &message) < 0)
        return command_fail(message);
    return EXIT_OK;
}

static int open_redis(const struct command_context *context, struct db *db, unsigned loops,
                      struct redis **ret_redis)
{
    const struct config *config = context->config;
    *ret_redis = NULL;
    if (config->redis_url == NULL || config->redis_url[0] == '\0')
        return EXIT_OK;
    struct redis_options options = {
        .url = config->redis_url,
        .loops = loops,
        .timeout = config->redis_timeout * CLOCK_MILLISECOND,
    };
    struct text message = TEXT("cannot read the database");
    if (migrate_identify(db, context->arena, &options.owner) < 0 ||
        redis_create(ret_redis, &options, &message) < 0)
        return command_fail(message);
    return EXIT_OK;
}

/* Redis brings news to other processes, or else the database, where it can. */
static int start_carrier(struct services *services, struct text *ret_message)
{
    struct carrier_line *line =
        services->redis != NULL ? redis_line_create(services->redis) : db_line_create(services->db);
    if (line == NULL)
        return 0;
    *ret_message = TEXT("cannot start the threads");
    return carrier_start(&services->carrier, services->wake, line);
}

int program_open(const struct command_context *context, unsigned loops,
                 struct operations *operations, struct services *services)
{
    struct db *db = command_open_database(context, loops);
    if (db == NULL)
        return EXIT_FAILED;
    struct net *net = net_create(loops);
    struct blobs *blobs = NULL;
    struct redis *redis = NULL;
    if (open_blobs(context, db, net, &blobs) != EXIT_OK ||
        open_redis(context, db, loops, &redis) != EXIT_OK) {
        blobs_free(blobs);
        net_free(net);
        db_close(db);
        return EXIT_FAILED;
    }
    struct wake *wake = wake_create();
    *services = (struct services){
        .config = context->config,
        .db = db,
        .redis = redis,
        .wake = wake,
        .cache = cache_create(CACHE_LIMIT, redis),
        .net = net,
        .blobs = blobs,
        .jobs = job_queue_create(operations, context->config->job_queue_limit),
        .started_at = clock_monotonic(),
    };
    job_queue_share(services->jobs, wake);
    operation_server_add(operations, services);
    struct text message;
    if (job_external_add(operations, context->config->job_external_operations, context->arena,
                         &message) < 0 ||
        job_broker_create(&services->broker, context->config, services->jobs, context->arena,
                          &message) < 0 ||
        start_carrier(services, &message) < 0) {
        program_close(services);
        return command_fail(message);
    }
    return EXIT_OK;
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

void program_wait(void)
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

void program_close(struct services *services)
{
    carrier_stop(services->carrier);
    job_broker_free(services->broker);
    job_queue_free(services->jobs);
    blobs_free(services->blobs);
    net_free(services->net);
    cache_free(services->cache);
    redis_free(services->redis);
    db_close(services->db);
    wake_free(services->wake);
}

void program_end(int code)
{
    if (code == EXIT_OK)
        log_info("stopped");
    log_stop();
}
