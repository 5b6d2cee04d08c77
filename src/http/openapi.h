/*
 * openapi.h: the OpenAPI 3.1 document of every endpoint that is served, written from the route and
 * field tables.
 */
#ifndef ERRAND_HTTP_OPENAPI_H
#define ERRAND_HTTP_OPENAPI_H

#include "base/buffer.h"
#include "http/route.h"

/* openapi_write: the whole document as JSON. Any thread. */
void openapi_write(const struct router *router, struct buffer *out);

#endif
