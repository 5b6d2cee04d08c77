/*
 * etag.h: conditional requests (RFC 9110, section 13). The entity tag of a task is its version in
 * quotes.
 */
#ifndef ERRAND_API_ETAG_H
#define ERRAND_API_ETAG_H

#include "domain/task.h"
#include "http/request.h"

/* etag_matches: whether If-None-Match names the version, compared weakly. */
bool etag_matches(struct text if_none_match, int64_t version);

/* etag_expected: the versions that If-Match names, compared strongly; any when the header is absent
 * or "*". Lives in the request. */
struct task_versions etag_expected(struct request *request);

#endif
