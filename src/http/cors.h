/*
 * cors.h: which web pages may call (Fetch Standard, CORS protocol). CORS_ORIGINS lists origins, or
 * is "*" for any; tokens travel in a header, so credentials in the standard's sense are not
 * allowed.
 */
#ifndef ERRAND_HTTP_CORS_H
#define ERRAND_HTTP_CORS_H

#include "http/request.h"

/* cors_is_allowed: whether `origins` (CORS_ORIGINS) lists `origin`. */
bool cors_is_allowed(struct text origins, struct text origin);

/* cors_add_headers: what lets the page at the request's Origin read the answer. */
void cors_add_headers(struct request *request, struct text origins);

/* cors_add_preflight: what the answer to a preflight request needs besides. */
void cors_add_preflight(struct request *request, struct text origins);

#endif
