/*
 * health.c: whether the server runs, and how each part of it is.
 */
#include <sys/statvfs.h>
#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/config.h"
#include "blob/blob.h"
#include "cache/redis.h"
#include "db/db.h"
#include "domain/job_broker.h"
#include "domain/job_operation.h"
#include "domain/job_queue.h"

enum {
    REASON_SIZE = 160,
    FREE_MINIMUM = 64 << 20, /* bytes of disk below which storage counts as degraded */
};

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
    struct text reason;
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
    {.name = "reason",
     .type = FIELD_TEXT,
     .flags = FIELD_OPTIONAL,
     .offset = offsetof(struct part_health, reason),
     .description = "What is wrong, where that is known"},
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
    struct schema_list operations; /* none when the database does not tell */
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
    {.name = "operations",
     .type = FIELD_LIST,
     .offset = offsetof(struct detailed_health, operations),
     .items = &job_operation_schema,
     .description = "The queues of jobs"},
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

/* A check of a part; `ret_reason` is set where it can say what is wrong. */
typedef enum health check_fn(const struct services *services, struct arena *arena,
                             struct text *ret_reason);

static enum health check_database(const struct services *services, struct arena *arena,
                                  struct text *ret_reason)
{
    (void)arena;
    (void)ret_reason;
    int64_t one;
    return db_read(services->db, DB_LIGHT, select_one, &one) < 0 ? UNHEALTHY : HEALTHY;
}

/* Without Redis it is in the process itself, and there when this runs. */
static enum health check_cache(const struct services *services, struct arena *arena,
                               struct text *ret_reason)
{
    if (services->redis == NULL)
        return HEALTHY;
    struct redis_answer answer;
    redis_command(services->redis, arena, REDIS_WORDS(TEXT("PING")), &answer);
    char reason[REASON_SIZE];
    if (redis_is_up(services->redis, reason, sizeof reason))
        return HEALTHY;
    *ret_reason = arena_format(arena, "Redis: %s", reason);
    return DEGRADED;
}

/* Of both queues: writes that wait for the database, and jobs that wait for a worker. Those go on
 * without their broker. */
static enum health check_queue(const struct services *services, struct arena *arena,
                               struct text *ret_reason)
{
    struct db_statistics statistics;
    db_statistics(services->db, &statistics);
    bool crowded = statistics.queued > statistics.queue_limit / 2 ||
                   job_queue_depth(services->jobs) > services->config->job_queue_limit / 2;
    *ret_reason = job_broker_reason(services->broker, arena);
    return crowded || ret_reason->data != NULL ? DEGRADED : HEALTHY;
}

static bool is_nearly_full(const char *path)
{
    struct statvfs space;
    return statvfs(path, &space) == 0 && space.f_bavail * space.f_frsize < FREE_MINIMUM;
}

/* Without the bytes of files there is much that can be served; without the database nothing. */
static enum health check_storage(const struct services *services, struct arena *arena,
                                 struct text *ret_reason)
{
    (void)arena;
    (void)ret_reason;
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
        check_fn *check;
        struct part_health *result;
    } checks[] = {
        {check_database, &detailed.parts.database},
        {check_cache, &detailed.parts.cache},
        {check_queue, &detailed.parts.queue},
        {check_storage, &detailed.parts.storage},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        int64_t start = clock_monotonic();
        struct text reason = TEXT_NULL;
        enum health health = checks[i].check(services, &request->arena, &reason);
        int64_t latency = clock_monotonic() - start;
        *checks[i].result =
            (struct part_health){health, (double)latency / CLOCK_MILLISECOND, reason};
        if (health > detailed.status)
            detailed.status = health;
    }
    (void)job_operation_list(services_of(request), &request->arena, &detailed.operations);
    return reply_json(request, detailed.status == UNHEALTHY ? 503 : 200, &detailed_schema,
                      &detailed);
}

static const struct route routes[] = {
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
};

const struct route_table health_routes = ROUTE_TABLE(routes);
