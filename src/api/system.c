/*
 * system.c: the server about itself: metrics, the description.
 */
#include "api/live.h"
#include "base/error.h"
#include "cache/cache.h"
#include "cache/redis.h"
#include "db/db.h"
#include "domain/job_broker.h"
#include "domain/job_operation.h"
#include "domain/job_queue.h"
#include "http/openapi.h"
#include "runtime/wake.h"

enum { METRICS_LIMIT = 4 << 20 };

static void write_database_metrics(const struct services *services, struct buffer *out)
{
    struct db_statistics statistics;
    db_statistics(services->db, &statistics);
    buffer_format(out,
                  "# HELP database_commits_total Commits, each one write to the disk.\n"
                  "# TYPE database_commits_total counter\n"
                  "database_commits_total %ju\n"
                  "# HELP database_writes_total Write transactions that the commits carried.\n"
                  "# TYPE database_writes_total counter\n"
                  "database_writes_total %ju\n"
                  "# HELP database_writes_queued Write transactions that wait.\n"
                  "# TYPE database_writes_queued gauge\n"
                  "database_writes_queued %ju\n",
                  (uintmax_t)statistics.commits, (uintmax_t)statistics.writes,
                  (uintmax_t)statistics.queued);
}

static void write_cache_metrics(const struct services *services, struct buffer *out)
{
    struct cache_statistics statistics;
    cache_statistics(services->cache, &statistics);
    buffer_format(out,
                  "# HELP cache_hits_total Results that were kept.\n"
                  "# TYPE cache_hits_total counter\n"
                  "cache_hits_total %ju\n"
                  "# HELP cache_misses_total Results that had to be made.\n"
                  "# TYPE cache_misses_total counter\n"
                  "cache_misses_total %ju\n"
                  "# HELP cache_shared_hits_total Of the hits, those in Redis.\n"
                  "# TYPE cache_shared_hits_total counter\n"
                  "cache_shared_hits_total %ju\n"
                  "# HELP cache_bytes Memory that kept results take.\n"
                  "# TYPE cache_bytes gauge\n"
                  "cache_bytes %ju\n",
                  (uintmax_t)statistics.hits, (uintmax_t)statistics.misses,
                  (uintmax_t)statistics.shared_hits, (uintmax_t)statistics.bytes);
    if (services->redis != NULL)
        redis_write_metrics(services->redis, out);
}

/* What one operation's queue has under a name of its own. */
static void write_operation_gauge(const struct schema_list *operations, const char *name,
                                  const char *help,
                                  double (*value)(const struct job_operation *operation),
                                  struct buffer *out)
{
    const struct job_operation *items = operations->items;
    buffer_format(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
    for (size_t i = 0; i < operations->count; i++)
        buffer_format(out, "%s{operation=\"%.*s\"} %g\n", name, TEXT_ARGUMENTS(items[i].name),
                      value(&items[i]));
}

static double queued_of(const struct job_operation *operation)
{
    return (double)operation->queued;
}

static double waiting_of(const struct job_operation *operation)
{
    return (double)operation->waiting;
}

static double processing_of(const struct job_operation *operation)
{
    return (double)operation->processing;
}

static double oldest_of(const struct job_operation *operation)
{
    return operation->oldest;
}

static int write_job_metrics(struct services *services, struct arena *arena, struct buffer *out)
{
    struct schema_list operations;
    int error = job_operation_list(services, arena, &operations);
    if (error < 0)
        return error;
    write_operation_gauge(&operations, "jobs_queued", "Jobs that wait for a worker.", queued_of,
                          out);
    write_operation_gauge(&operations, "jobs_waiting", "Jobs that wait for their time.", waiting_of,
                          out);
    write_operation_gauge(&operations, "jobs_processing", "Jobs that are being worked on.",
                          processing_of, out);
    write_operation_gauge(&operations, "jobs_oldest_seconds",
                          "How long the first in the queue has waited.", oldest_of, out);
    job_queue_write_metrics(services->jobs, out);
    job_broker_write_metrics(services->broker, out);
    return 0;
}

static int read_metrics(struct request *request)
{
    struct application *application = request->application;
    struct buffer buffer;
    buffer_init(&buffer, &request->arena, METRICS_LIMIT);
    http_write_metrics(application->http, &buffer);
    write_database_metrics(&application->services, &buffer);
    write_cache_metrics(&application->services, &buffer);
    wake_write_metrics(application->services.wake, &buffer);
    live_write_metrics(application->live, &buffer);
    int error = write_job_metrics(&application->services, &request->arena, &buffer);
    if (error < 0)
        return error;
    if (buffer_overflowed(&buffer))
        return ERROR_TOO_LARGE;
    return reply_text(request, 200, "text/plain; version=0.0.4; charset=utf-8",
                      buffer_text(&buffer));
}

static int read_description(struct request *request)
{
    const struct application *application = request->application;
    struct buffer buffer;
    buffer_init(&buffer, &request->arena, REPLY_LIMIT);
    openapi_write(http_router(application->http), &buffer);
    return reply_end(request, 200, &buffer);
}

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .path = "/metrics",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .limit = LIMIT_NONE,
        .answers = {{200, "Counters and gauges", NULL, "text/plain"}},
        .summary = "Metrics in the Prometheus text format",
        .tag = "system",
        .handler = read_metrics,
    },
    {
        .method = METHOD_GET,
        .path = "/openapi.json",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .answers = {{200, "OpenAPI 3.1", NULL, "application/json"}},
        .summary = "This description",
        .tag = "system",
        .handler = read_description,
    },
};

const struct route_table system_routes = ROUTE_TABLE(routes);
