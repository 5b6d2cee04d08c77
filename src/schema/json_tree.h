/*
 * json_tree.h: reads JSON that somebody else wrote.
 *
 * jansson does the parsing; this adds the bounds: nesting is limited before the parser recurses
 * into it on a fiber's small stack, names must not repeat, and the tree goes with an arena.
 */
#ifndef ERRAND_SCHEMA_JSON_TREE_H
#define ERRAND_SCHEMA_JSON_TREE_H

#include <jansson.h>

#include "base/arena.h"

enum { JSON_TREE_DEPTH_LIMIT = 32 };

/* json_tree_parse: any JSON value; the tree is released with `arena`. ERROR_INVALID with what is
 * wrong, and where, in `*ret_message` (which may be NULL). Any thread. */
int json_tree_parse(struct arena *arena, struct text text, const json_t **ret_tree,
                    struct text *ret_message);

#endif
