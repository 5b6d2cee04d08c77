/*
 * metrics.h: how many requests of each route had which status, and how long they took.
 *
 * Each loop counts in memory of its own, so counting is an addition without contention; whoever
 * asks adds the loops up.
 */
#ifndef ERRAND_HTTP_METRICS_H
#define ERRAND_HTTP_METRICS_H

#include <stdint.h>

#include "base/buffer.h"
#include "http/route.h"

struct metrics;

struct metrics *metrics_create(const struct router *router, unsigned loops);
void metrics_free(struct metrics *metrics);

/* metrics_count: one answered request. `match` may have no route. Thread of the loop at `loop`. */
void metrics_count(struct metrics *metrics, unsigned loop, const struct route_match *match,
                   int status, int64_t microseconds);

/* metrics_write: Prometheus text format. Any thread. */
void metrics_write(const struct metrics *metrics, struct buffer *out);

#endif
