/*
 * system.c: the server about itself: health, metrics, description.
 */
#include <sys/statvfs.h>
#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "blob/blob.h"
#include "cache/cache.h"
#include "db/db.h"
#include "domain/job_operation.h"
#include "domain/job_queue.h"
#include "http/openapi.h"

enum {
    METRICS_LIMIT = 4 << 20,
    FREE_MINIMUM = 64 << 20, /* bytes of disk below which storage counts as degraded */
};

struct greeting {
    struct text message;
    struct text status;
    struct text docs;
};

static const struct field greeting_fields[] = {
    {.name = "message", .type = FIELD_TEXT, .offset = offsetof(struct greeting, message)},
    {.name = "status", .type = FIELD_TEXT, .offset = offsetof(struct greeting, status)},
    {.name = "docs",
     .type = FIELD_TEXT,
     .offset = offsetof(struct greeting, docs),
     .description = "Where to read on"},
};
static const struct schema greeting_schema = {
    .name = "Greeting",
    .description = "What answers at the root",
    SCHEMA_FIELDS(greeting_fields),
};

static int read_root(struct request *request)
{
    const struct greeting greeting = {TEXT("errand task manager"), TEXT("running"), TEXT("/docs")};
    return reply_json(request, 200, &greeting_schema, &greeting);
}

static int redirect_to_description(struct request *request)
{
    reply_header_constant(request, "Location", "/openapi.json");
    return reply_empty(request, 307);
}

static const char *const health_names[] = {"healthy", "degraded", "unhealthy"};
static const struct enumeration healths = {health_names, 3};
enum health { HEALTHY, DEGRADED, UNHEALTHY };

struct liveness {
    struct text status;
};

static const struct field liveness_fields[] = {
    {.name = "status",
     .type = FIELD_TEXT,
     .offset = offsetof(struct liveness, status),
     .example = "\"ok\""},
};
static const struct schema liveness_schema = {
    .name = "Liveness",
    .description = "That the server runs",
    SCHEMA_FIELDS(liveness_fields),
};

static int read_health(struct request *request)
{
    const struct liveness liveness = {TEXT("ok")};
    return reply_json(request, 200, &liveness_schema, &liveness);
}

struct part_health {
    int64_t status; /* enum health */
    double latency; /* milliseconds */
};

static const struct field part_fields[] = {
    {.name = "status",
     .type = FIELD_ENUM,
     .offset = offsetof(struct part_health, status),
     .values = &healths},
    {.name = "latency_ms",
     .type = FIELD_REAL,
     .offset = offsetof(struct part_health, latency),
     .description = "How long the check took"},
};
static const struct schema part_schema = {
    .name = "PartHealth",
    .description = "How a part of the server is",
    SCHEMA_FIELDS(part_fields),
};

struct parts_health {
    struct part_health database;
    struct part_health cache;
    struct part_health queue;
    struct part_health storage;
};

#define PART_FIELD(member)                                                                         \
    {                                                                                              \
        .name = #member, .type = FIELD_OBJECT, .offset = offsetof(struct parts_health, member),    \
        .items = &part_schema                                                                      \
    }
static const struct field parts_fields[] = {
    PART_FIELD(database),
    PART_FIELD(cache),
    PART_FIELD(queue),
    PART_FIELD(storage),
};
static const struct schema parts_schema = {
    .name = "PartsHealth",
    SCHEMA_FIELDS(parts_fields),
};

struct detailed_health {
    int64_t status; /* enum health: the worst of the parts */
    struct text version;
    int64_t uptime;
    struct parts_health parts;
};

static const struct field detailed_fields[] = {
    {.name = "status",
     .type = FIELD_ENUM,
     .offset = offsetof(struct detailed_health, status),
     .values = &healths,
     .description = "That of the part which is worst"},
    {.name = "version", .type = FIELD_TEXT, .offset = offsetof(struct detailed_health, version)},
    {.name = "uptime_seconds",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct detailed_health, uptime)},
    {.name = "checks",
     .type = FIELD_OBJECT,
     .offset = offsetof(struct detailed_health, parts),
     .items = &parts_schema},
};
static const struct schema detailed_schema = {
    .name = "DetailedHealth",
    .description = "How each part of the server is",
    SCHEMA_FIELDS(detailed_fields),
};

static int select_one(struct db_connection *connection, void *argument)
{
    return db_query_integer(connection, TEXT("SELECT 1"), DB_NO_VALUES, argument);
}

static enum health check_database(const struct services *services)
{
    int64_t one;
    return db_read(services->db, DB_LIGHT, select_one, &one) < 0 ? UNHEALTHY : HEALTHY;
}

static enum health check_cache(const struct services *services)
{
    (void)services; /* in the process itself: it is there when this runs */
    return HEALTHY;
}

/* Of both queues: writes that wait for the database, and jobs that wait for a worker. */
static enum health check_queue(const struct services *services)
{
    struct db_statistics statistics;
    db_statistics(services->db, &statistics);
    bool crowded = statistics.queued > statistics.queue_limit / 2 ||
                   job_queue_depth(services->jobs) > services->config->job_queue_limit / 2;
    return crowded ? DEGRADED : HEALTHY;
}

static bool is_nearly_full(const char *path)
{
    struct statvfs space;
    return statvfs(path, &space) == 0 && space.f_bavail * space.f_frsize < FREE_MINIMUM;
}

/* Without the bytes of files there is much that can be served; without the database nothing. */
static enum health check_storage(const struct services *services)
{
    const char *database = db_path(services->db);
    if (database != NULL && access(database, W_OK) < 0)
        return UNHEALTHY;
    bool full = (database != NULL && is_nearly_full(database)) ||
                is_nearly_full(services->config->upload_dir);
    return full || blobs_check(services->blobs) < 0 ? DEGRADED : HEALTHY;
}

static int read_detailed_health(struct request *request)
{
    const struct services *services = services_of(request);
    struct detailed_health detailed = {
        .version = TEXT(ERRAND_VERSION),
        .uptime = (clock_monotonic() - services->started_at) / CLOCK_SECOND,
    };
    const struct {
        enum health (*check)(const struct services *services);
        struct part_health *result;
    } checks[] = {
        {check_database, &detailed.parts.database},
        {check_cache, &detailed.parts.cache},
        {check_queue, &detailed.parts.queue},
        {check_storage, &detailed.parts.storage},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        int64_t start = clock_monotonic();
        enum health health = checks[i].check(services);
        int64_t latency = clock_monotonic() - start;
        *checks[i].result = (struct part_health){health, (double)latency / CLOCK_MILLISECOND};
        if (health > detailed.status)
            detailed.status = health;
    }
    return reply_json(request, detailed.status == UNHEALTHY ? 503 : 200, &detailed_schema,
                      &detailed);
}

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
                  "# HELP cache_bytes Memory that kept results take.\n"
                  "# TYPE cache_bytes gauge\n"
                  "cache_bytes %ju\n",
                  (uintmax_t)statistics.hits, (uintmax_t)statistics.misses,
                  (uintmax_t)statistics.bytes);
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
        .path = "/",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .answers = {{200, "That it runs, and where to read on", &greeting_schema, NULL}},
        .summary = "Say hello",
        .tag = "system",
        .handler = read_root,
    },
    {
        .method = METHOD_GET,
        .path = "/health",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .limit = LIMIT_NONE,
        .answers = {{200, "It runs", &liveness_schema, NULL}},
        .summary = "Whether the server runs",
        .tag = "system",
        .handler = read_health,
    },
    {
        .method = METHOD_GET,
        .path = "/health/detailed",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .limit = LIMIT_NONE,
        .answers = {{200, "It serves", &detailed_schema, NULL},
                    {503, "It cannot serve", &detailed_schema, NULL}},
        .summary = "How each part is",
        .tag = "system",
        .handler = read_detailed_health,
    },
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
    {
        .method = METHOD_GET,
        .path = "/docs",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .answers = {{307, "To the description", NULL, NULL}},
        .summary = "Where to read on",
        .tag = "system",
        .handler = redirect_to_description,
    },
};

const struct route_table system_routes = ROUTE_TABLE(routes);
