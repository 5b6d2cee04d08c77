/*
 * entity_tag.h: entity tags in headers (RFC 9110, section 8.8.3).
 */
#ifndef ERRAND_HTTP_ENTITY_TAG_H
#define ERRAND_HTTP_ENTITY_TAG_H

#include <stdbool.h>

#include "base/text.h"

/* entity_tag_listed: whether `header`, the value of If-None-Match, names `tag` (with its quotes),
 * compared weakly. Not in a header that is absent. */
bool entity_tag_listed(struct text header, struct text tag);

#endif
