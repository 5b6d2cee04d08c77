/*
 * field.h: a resource's fields, described once.
 *
 * A schema is a table of fields; each row names a field, its type and limits, and where it lives in
 * its C structure. From the table come reading it from JSON (decode.h) and from a query or form
 * (parameters.h), writing it as JSON (encode.h), its part of the OpenAPI document (json_schema.h)
 * and its SQL columns (domain/row.h). To add a field: a member of the structure and a row.
 *
 * C type of the member for each field type:
 *
 *   FIELD_INTEGER, FIELD_DATE, FIELD_TIMESTAMP   int64_t, FIELD_INTEGER_NULL for null
 *   FIELD_SINCE, FIELD_UNTIL                     int64_t, likewise
 *   FIELD_BOOLEAN                                bool
 *   FIELD_REAL                                   double
 *   FIELD_TEXT                                   struct text
 *   FIELD_TEXT_SET, FIELD_JSON                   struct text, the JSON as it is sent
 *   FIELD_WORDS                                  struct text, the comma list as it came
 *   FIELD_ENUM, FIELD_ENUM_SET                   int64_t: the value's rank; a bit for each rank
 *   FIELD_INTEGERS                               struct integer_list
 *   FIELD_BODY                                   the structure that `nested` decodes, embedded
 *   FIELD_OBJECT                                 the structure of `items`, embedded
 *   FIELD_LIST                                   struct schema_list
 *   FIELD_COUNTS                                 struct schema_counts
 *
 * Tables are constant and may be read from any thread.
 */
#ifndef ERRAND_SCHEMA_FIELD_H
#define ERRAND_SCHEMA_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum field_type {
    FIELD_INTEGER, /* minimum to maximum, when maximum is not 0 */
    FIELD_BOOLEAN,
    FIELD_REAL,      /* only written */
    FIELD_TEXT,      /* minimum to maximum code points */
    FIELD_ENUM,      /* one of `values` */
    FIELD_DATE,      /* days since 1970; YYYY-MM-DD outside */
    FIELD_TIMESTAMP, /* microseconds since 1970; RFC 3339 outside */
    FIELD_TEXT_SET,  /* unique texts of minimum to maximum code points, at most max_items */
    FIELD_INTEGERS,  /* minimum to max_items integers, each kept once */
    FIELD_BODY,      /* an object that another body describes; only read */
    FIELD_JSON,      /* any JSON value; only written, never read */
    FIELD_OBJECT,    /* of the schema `items`; only written */
    FIELD_LIST,      /* of objects of the schema `items`; only written */
    FIELD_COUNTS,    /* an object with a number under each of some names; only written */
    /* in queries only: */
    FIELD_ENUM_SET, /* comma list of `values` */
    FIELD_WORDS,    /* comma list */
    FIELD_SINCE,    /* a date or a timestamp, as the first microsecond it names */
    FIELD_UNTIL,    /* the same, as the last one */
};

enum field_flag {
    FIELD_REQUIRED = 1 << 0,   /* must be there when a resource is created */
    FIELD_NULLABLE = 1 << 1,   /* null is a value */
    FIELD_READ_ONLY = 1 << 2,  /* in answers, ignored in what comes in */
    FIELD_WRITE_ONLY = 1 << 3, /* never in an answer, never echoed in an error: secrets */
    FIELD_TRIMMED = 1 << 4,    /* white space at both ends is taken off first */
    FIELD_STORED = 1 << 5,     /* has a column of its name in the resource's table */
    FIELD_OPTIONAL = 1 << 6,   /* left out of an answer when null */
    FIELD_ANY_CASE = 1 << 7,   /* values of an enumeration are taken in any case */
    FIELD_ANY_TYPE = 1 << 8,   /* the JSON of FIELD_JSON need not be an object */
};

#define FIELD_INTEGER_NULL INT64_MIN

/* The names of an enumeration's values in the order of their ranks. */
struct enumeration {
    const char *const *names;
    size_t count;
};

struct body;
struct schema;

struct field {
    const char *name;
    enum field_type type;
    unsigned flags;
    size_t offset;
    int64_t minimum;
    int64_t maximum;
    size_t max_items;
    const struct enumeration *values;
    const struct schema *items;
    const struct body *nested; /* of FIELD_BODY */
    size_t given_offset;       /* the uint64_t with the fields of the nested body that were given */
    /* check: what is wrong with a text beyond its length, or NULL. */
    const char *(*check)(struct text value);
    const char *description;
    const char *example;       /* as JSON; NULL for none */
    const char *default_value; /* as JSON; documented, and applied by whoever owns the structure */
};

struct schema {
    const char *name; /* in the OpenAPI document; NULL for a query */
    const char *description;
    const struct field *fields;
    size_t count; /* at most 64: a set of fields is a uint64_t */
    size_t size;  /* of the structure; 0 where it is only written */
    /* init: sets the defaults that are not zero in a zeroed structure; NULL for none. */
    void (*init)(void *structure);
};

/* A list of structures for FIELD_LIST. */
struct schema_list {
    const void *items;
    size_t count;
    size_t item_size;
};

/* Numbers for FIELD_INTEGERS. */
struct integer_list {
    int64_t *items;
    size_t count;
};

/* Numbers by name for FIELD_COUNTS. */
struct schema_count {
    struct text name;
    int64_t count;
};
struct schema_counts {
    struct schema_count *items;
    size_t count;
};

/* SCHEMA_FIELDS: the two members of struct schema that say which fields it has. */
#define SCHEMA_FIELDS(table) .fields = (table), .count = sizeof(table) / sizeof((table)[0])

/* FIELD_BIT: the member of a set that stands for the field at `index`. */
#define FIELD_BIT(index) (UINT64_C(1) << (index))

/* field_of: the member that `field` describes. */
static inline void *field_of(const struct field *field, void *structure)
{
    return (char *)structure + field->offset;
}

static inline const void *field_of_const(const struct field *field, const void *structure)
{
    return (const char *)structure + field->offset;
}

/* enumeration_find: the rank of `name`, or -1. */
int64_t enumeration_find(const struct enumeration *values, struct text name);

/* enumeration_find_ignoring_case: the same with ASCII letters in any case. */
int64_t enumeration_find_ignoring_case(const struct enumeration *values, struct text name);

#endif
