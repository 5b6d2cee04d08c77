/*
 * task_tags.h: the tags of a task as JSON lists: adding to them, taking from them. Pure; any
 * thread.
 */
#ifndef ERRAND_DOMAIN_TASK_TAGS_H
#define ERRAND_DOMAIN_TASK_TAGS_H

#include "schema/decode.h"

enum { TAG_LENGTH_LIMIT = 50, TASK_TAGS_LIMIT = 50 };

/* The body that adds tags. */
struct tags_added {
    struct text tags; /* JSON list of unique texts, as in struct task */
};

extern const struct body tags_added_body;

/* tags_add: `tags` with those of `added` that it does not have behind it. ERROR_INVALID with a
 * problem when there would be more than TASK_TAGS_LIMIT. */
int tags_add(struct problems *problems, struct text tags, struct text added, struct text *ret_tags);

/* tags_remove: `tags` without `tag`; ERROR_NOT_FOUND when it is not among them. */
int tags_remove(struct arena *arena, struct text tags, struct text tag, struct text *ret_tags);

#endif
