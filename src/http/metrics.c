#include "http/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"

/* Upper bounds of the histogram, in microseconds; one more bucket has none. */
static const int64_t bounds[] = {100,   250,   500,    1000,   2500,    5000,
                                 10000, 25000, 100000, 250000, 1000000, 5000000};
static const char *const bound_labels[] = {"0.0001", "0.00025", "0.0005", "0.001",
                                           "0.0025", "0.005",   "0.01",   "0.025",
                                           "0.1",    "0.25",    "1",      "5"};

enum {
    BOUND_COUNT = sizeof bounds / sizeof bounds[0],
    STATUS_MINIMUM = 100, /* of those counted one by one */
    STATUS_LIMIT = 512,
};

struct route_counters {
    _Atomic uint64_t buckets[BOUND_COUNT + 1];
    _Atomic uint64_t microseconds;
    _Atomic uint64_t statuses[STATUS_LIMIT - STATUS_MINIMUM];
};

struct metrics {
    const struct router *router;
    size_t routes; /* and one more for requests without a route */
    unsigned loops;
    struct route_counters counters[]; /* of each loop after the other */
};

struct metrics *metrics_create(const struct router *router, unsigned loops)
{
    size_t routes = router_count(router);
    struct metrics *metrics =
        memory_allocate(sizeof *metrics + loops * (routes + 1) * sizeof metrics->counters[0]);
    metrics->router = router;
    metrics->routes = routes;
    metrics->loops = loops;
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

/* Only one thread adds to a counter: a plain load and store do, and never block. */
static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

void metrics_count(struct metrics *metrics, unsigned loop, const struct route_match *match,
                   int status, int64_t microseconds)
{
    size_t route = match->route == NULL ? metrics->routes : match->index;
    struct route_counters *counters = &metrics->counters[loop * (metrics->routes + 1) + route];
    size_t bucket = 0;
    while (bucket < BOUND_COUNT && microseconds > bounds[bucket])
        bucket++;
    add(&counters->buckets[bucket], 1);
    add(&counters->microseconds, (uint64_t)microseconds);
    if (status >= STATUS_MINIMUM && status < STATUS_LIMIT)
        add(&counters->statuses[status - STATUS_MINIMUM], 1);
}

/* The sum over all loops of the counter at `offset` of a route's counters. */
static uint64_t sum(const struct metrics *metrics, size_t route, size_t offset)
{
    uint64_t total = 0;
    for (unsigned loop = 0; loop < metrics->loops; loop++) {
        const char *counters =
            (const char *)&metrics->counters[loop * (metrics->routes + 1) + route];
        total += atomic_load_explicit((const _Atomic uint64_t *)(counters + offset),
                                      memory_order_relaxed);
    }
    return total;
}

static void write_labels(const struct metrics *metrics, size_t index, struct buffer *out)
{
    if (index == metrics->routes) {
        buffer_add_string(out, "route=\"none\"");
        return;
    }
    enum surface surface;
    const struct route *route = router_route(metrics->router, index, &surface);
    buffer_format(out, "method=\"%s\",route=\"%s%s\"", method_name(route->method),
                  surface_prefix(surface), route->path);
}

static void write_statuses(const struct metrics *metrics, size_t route, struct buffer *out)
{
    for (size_t i = 0; i < STATUS_LIMIT - STATUS_MINIMUM; i++) {
        size_t offset = offsetof(struct route_counters, statuses) + i * sizeof(uint64_t);
        uint64_t count = sum(metrics, route, offset);
        if (count == 0)
            continue;
        buffer_add_string(out, "http_requests_total{");
        write_labels(metrics, route, out);
        buffer_format(out, ",status=\"%zu\"} %ju\n", i + STATUS_MINIMUM, (uintmax_t)count);
    }
}

static void write_histogram(const struct metrics *metrics, size_t route, struct buffer *out)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= BOUND_COUNT; i++)
        count +=
            sum(metrics, route, offsetof(struct route_counters, buckets) + i * sizeof(uint64_t));
    if (count == 0)
        return;
    uint64_t below = 0;
    for (size_t i = 0; i <= BOUND_COUNT; i++) {
        below +=
            sum(metrics, route, offsetof(struct route_counters, buckets) + i * sizeof(uint64_t));
        buffer_add_string(out, "http_request_duration_seconds_bucket{");
        write_labels(metrics, route, out);
        buffer_format(out, ",le=\"%s\"} %ju\n", i < BOUND_COUNT ? bound_labels[i] : "+Inf",
                      (uintmax_t)below);
    }
    uint64_t microseconds = sum(metrics, route, offsetof(struct route_counters, microseconds));
    buffer_add_string(out, "http_request_duration_seconds_sum{");
    write_labels(metrics, route, out);
    buffer_format(out, "} %ju.%06ju\n", (uintmax_t)(microseconds / 1000000),
                  (uintmax_t)(microseconds % 1000000));
    buffer_add_string(out, "http_request_duration_seconds_count{");
    write_labels(metrics, route, out);
    buffer_format(out, "} %ju\n", (uintmax_t)below);
}

void metrics_write(const struct metrics *metrics, struct buffer *out)
{
    buffer_add_string(out, "# HELP http_requests_total Requests answered.\n"
                           "# TYPE http_requests_total counter\n");
    for (size_t route = 0; route <= metrics->routes; route++)
        write_statuses(metrics, route, out);
    buffer_add_string(out,
                      "# HELP http_request_duration_seconds From a request's head to its answer.\n"
                      "# TYPE http_request_duration_seconds histogram\n");
    for (size_t route = 0; route <= metrics->routes; route++)
        write_histogram(metrics, route, out);
}
