/*
 * item.h: a schema with a field of every type, for the tests of schema/.
 */
#ifndef ERRAND_TESTS_ITEM_H
#define ERRAND_TESTS_ITEM_H

#include <stdbool.h>

#include "schema/decode.h"
#include "schema/field.h"

struct item_owner {
    int64_t id;
    struct text name;
};

struct item {
    int64_t id;
    struct text title;
    struct text note;
    int64_t rank;
    bool done;
    int64_t level;
    int64_t due;
    int64_t at;
    struct text tags;
    struct text secret;
    double score;
    struct text extra;
    struct item_owner owner;
    struct schema_list owners;
    int64_t maybe;
};

enum item_field {
    ITEM_ID,
    ITEM_TITLE,
    ITEM_NOTE,
    ITEM_RANK,
    ITEM_DONE,
    ITEM_LEVEL,
    ITEM_DUE,
    ITEM_AT,
    ITEM_TAGS,
    ITEM_SECRET,
    ITEM_SCORE,
    ITEM_EXTRA,
    ITEM_OWNER,
    ITEM_OWNERS,
    ITEM_MAYBE,
};

enum { TITLE_MAXIMUM = 10, NOTE_MAXIMUM = 1000, TAGS_MAXIMUM = 5, TAG_MAXIMUM = 4 };

extern const struct schema item_schema;
extern const struct schema item_owner_schema;

/* All fields that are not read-only: on creation (title and secret required) and on update. */
extern const struct body item_create;
extern const struct body item_update;

#endif
