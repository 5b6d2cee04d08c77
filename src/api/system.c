/*
 * system.c: the server about itself: health, metrics, description.
 */
#include <sys/statvfs.h>
#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/error.h"
#include "db/db.h"
#include "http/openapi.h"

enum {
    METRICS_LIMIT = 4 << 20,
    FREE_MINIMUM = 64 << 20, /* bytes of disk below which storage counts as degraded */
};

static int read_root(struct request *request)
{
    return reply_text(request, 200, "application/json",
                      TEXT("{\"message\":\"errand task manager\",\"status\":\"running\","
                           "\"docs\":\"/docs\"}"));
}

static int redirect_to_description(struct request *request)
{
    reply_header_constant(request, "Location", "/openapi.json");
    return reply_empty(request, 307);
}

static int read_health(struct request *request)
{
    return reply_text(request, 200, "application/json", TEXT("{\"status\":\"ok\"}"));
}

enum health { HEALTHY, DEGRADED, UNHEALTHY };
static const char *const health_names[] = {"healthy", "degraded", "unhealthy"};

struct check {
    const char *name;
    enum health health;
    int64_t latency; /* microseconds */
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

static enum health check_queue(const struct services *services)
{
    struct db_statistics statistics;
    db_statistics(services->db, &statistics);
    return statistics.queued > statistics.queue_limit / 2 ? DEGRADED : HEALTHY;
}

static enum health check_storage(const struct services *services)
{
    struct statvfs space;
    const char *path = db_path(services->db);
    if (path == NULL)
        return HEALTHY;
    if (access(path, W_OK) < 0 || statvfs(path, &space) < 0)
        return UNHEALTHY;
    return space.f_bavail * space.f_frsize < FREE_MINIMUM ? DEGRADED : HEALTHY;
}

static void write_check(const struct check *check, struct json *json)
{
    json_key(json, check->name);
    json_begin_object(json);
    json_key(json, "status");
    json_put_string(json, health_names[check->health]);
    json_key(json, "latency_ms");
    json_put_real(json, (double)check->latency / 1000.0);
    json_end_object(json);
}

static int read_detailed_health(struct request *request)
{
    static const struct {
        const char *name;
        enum health (*check)(const struct services *services);
    } checks[] = {
        {"database", check_database},
        {"cache", check_cache},
        {"queue", check_queue},
        {"storage", check_storage},
    };
    enum { CHECK_COUNT = sizeof checks / sizeof checks[0] };
    const struct services *services = services_of(request);
    struct check results[CHECK_COUNT];
    enum health worst = HEALTHY;
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        int64_t start = clock_monotonic();
        enum health health = checks[i].check(services);
        results[i] = (struct check){checks[i].name, health, clock_monotonic() - start};
        worst = health > worst ? health : worst;
    }
    struct buffer buffer;
    struct json json;
    reply_begin(request, &buffer, &json);
    json_begin_object(&json);
    json_key(&json, "status");
    json_put_string(&json, health_names[worst]);
    json_key(&json, "version");
    json_put_string(&json, ERRAND_VERSION);
    json_key(&json, "uptime_seconds");
    json_put_integer(&json, (clock_monotonic() - services->started_at) / CLOCK_SECOND);
    json_key(&json, "checks");
    json_begin_object(&json);
    for (size_t i = 0; i < CHECK_COUNT; i++)
        write_check(&results[i], &json);
    json_end_object(&json);
    json_end_object(&json);
    return reply_end(request, worst == UNHEALTHY ? 503 : 200, &buffer);
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

static int read_metrics(struct request *request)
{
    const struct application *application = request->application;
    struct buffer buffer;
    buffer_init(&buffer, &request->arena, METRICS_LIMIT);
    http_write_metrics(application->http, &buffer);
    write_database_metrics(&application->services, &buffer);
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
        .answers = {{200, "That it runs, and where to read on", NULL, "application/json"}},
        .summary = "Say hello",
        .tag = "system",
        .handler = read_root,
    },
    {
        .method = METHOD_GET,
        .path = "/health",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .limit = LIMIT_NONE,
        .answers = {{200, "It runs", NULL, "application/json"}},
        .summary = "Whether the server runs",
        .tag = "system",
        .handler = read_health,
    },
    {
        .method = METHOD_GET,
        .path = "/health/detailed",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .limit = LIMIT_NONE,
        .answers = {{200, "It serves", NULL, "application/json"},
                    {503, "It cannot serve", NULL, "application/json"}},
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
