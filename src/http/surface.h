/*
 * surface.h: the public APIs that this server speaks at once, and how each words its errors.
 */
#ifndef ERRAND_HTTP_SURFACE_H
#define ERRAND_HTTP_SURFACE_H

#include <stdbool.h>

#include "base/json.h"
#include "schema/problem.h"

enum surface {
    SURFACE_V1,        /* /api/v1/... */
    SURFACE_CLASSIC,   /* /auth/..., /tasks... */
    SURFACE_PORTFOLIO, /* /user/..., /submit-task, /task/...: worded as classic */
    SURFACE_FLASK,     /* /api/... */
    SURFACE_SYSTEM,    /* /health, /metrics, /openapi.json: always served, worded as v1 */
    SURFACE_COUNT,
};
#define SURFACE_BIT(surface) (1U << (surface))

/* An error to be worded. */
struct error_answer {
    int status;
    struct text message;
    struct text request_id;
    const struct problems *problems; /* NULL for none */
    const char *extra_name;          /* a further member of the answer; NULL for none */
    struct text extra;               /* its value as JSON */
};

/* surface_prefix: what every path of the surface starts with; "" for none. */
const char *surface_prefix(enum surface surface);

/* surface_of_path: the surface whose words fit a path that is not known. */
enum surface surface_of_path(struct text path);

/* surface_invalid_status: the status for input that breaks a rule. */
int surface_invalid_status(enum surface surface);

/* surface_write_error: the body of an error. */
void surface_write_error(enum surface surface, const struct error_answer *error, struct json *json);

/* surface_error_schema: the name of its errors in the OpenAPI document. */
const char *surface_error_schema(enum surface surface);

/* status_phrase: "Not Found". */
const char *status_phrase(int status);

#endif
