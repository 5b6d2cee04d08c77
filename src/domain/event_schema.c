/*
 * event_schema.c: the fields of a row of the log, the parameters of its lists and the shape of
 * their answer; see event_list.c.
 */
#include "domain/event_list.h"

enum { LIMIT_MAXIMUM = 100, LIMIT_DEFAULT = 50 };

static const struct field row_fields[] = {
    {.name = "seq",
     .type = FIELD_INTEGER,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct event_row, seq),
     .description = "Its place in the log, from 1, without gaps",
     .example = "42"},
    {.name = "at",
     .type = FIELD_TIMESTAMP,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct event_row, at),
     .description = "When it happened",
     .example = "\"2025-05-24T14:35:00.000Z\""},
    {.name = "actor_id",
     .type = FIELD_INTEGER,
     .flags = FIELD_NULLABLE | FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct event_row, actor_id),
     .description = "Who did it; null for the server itself and for guests",
     .example = "1"},
    {.name = "action",
     .type = FIELD_TEXT,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct event_row, action),
     .description = "What was done to what",
     .example = "\"task.updated\""},
    {.name = "resource_type",
     .type = FIELD_TEXT,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct event_row, resource_type),
     .description = "What it was done to",
     .example = "\"task\""},
    {.name = "resource_id",
     .type = FIELD_INTEGER,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct event_row, resource_id),
     .description = "The identifier of that",
     .example = "7"},
    {.name = "request_id",
     .type = FIELD_TEXT,
     .flags = FIELD_NULLABLE | FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct event_row, request_id),
     .description = "The X-Request-ID of the request that did it"},
    {.name = "changes",
     .type = FIELD_JSON,
     .flags = FIELD_READ_ONLY | FIELD_STORED,
     .offset = offsetof(struct event_row, changes),
     .description = "The fields that changed, each with its old and its new value",
     .example = "{\"status\":[\"todo\",\"done\"]}"},
};

const struct schema event_row_schema = {
    .name = "Event",
    .description = "One change, as the log keeps it",
    SCHEMA_FIELDS(row_fields),
    .size = sizeof(struct event_row),
};

#define PART_FIELDS                                                                                \
    {.name = "limit",                                                                              \
     .type = FIELD_INTEGER,                                                                        \
     .offset = offsetof(struct event_query, limit),                                                \
     .minimum = 1,                                                                                 \
     .maximum = LIMIT_MAXIMUM,                                                                     \
     .default_value = "50",                                                                        \
     .description = "How many at most"},                                                           \
    {                                                                                              \
        .name = "cursor", .type = FIELD_TEXT, .offset = offsetof(struct event_query, cursor),      \
        .minimum = 1, .maximum = 4096, .description = "The next_cursor of the page before"         \
    }

static const struct field history_fields[] = {
    PART_FIELDS,
};

static const struct field query_fields[] = {
    PART_FIELDS,
    {.name = "actor",
     .type = FIELD_TEXT,
     .offset = offsetof(struct event_query, actor),
     .minimum = 1,
     .maximum = 50,
     .description = "Only what this user did, by id or name"},
    {.name = "action",
     .type = FIELD_TEXT,
     .offset = offsetof(struct event_query, action),
     .minimum = 1,
     .maximum = 50,
     .description = "Only this action",
     .example = "\"task.deleted\""},
    {.name = "resource",
     .type = FIELD_TEXT,
     .offset = offsetof(struct event_query, resource),
     .minimum = 1,
     .maximum = 50,
     .description = "Only what was done to this type of resource, or to one of them by type:id",
     .example = "\"task:7\""},
    {.name = "since",
     .type = FIELD_SINCE,
     .offset = offsetof(struct event_query, since),
     .description = "Only what happened on this date or at this time, or later"},
    {.name = "until",
     .type = FIELD_UNTIL,
     .offset = offsetof(struct event_query, until),
     .description = "Only what happened on this date or at this time, or earlier"},
};

static void init_query(void *structure)
{
    struct event_query *query = structure;
    query->limit = LIMIT_DEFAULT;
    query->since = FIELD_INTEGER_NULL;
    query->until = FIELD_INTEGER_NULL;
}

const struct schema event_query_schema = {
    SCHEMA_FIELDS(query_fields),
    .size = sizeof(struct event_query),
    .init = init_query,
};

const struct schema history_query_schema = {
    SCHEMA_FIELDS(history_fields),
    .size = sizeof(struct event_query),
    .init = init_query,
};

static const struct field page_fields[] = {
    {.name = "events",
     .type = FIELD_LIST,
     .flags = FIELD_READ_ONLY,
     .offset = offsetof(struct event_page, events),
     .items = &event_row_schema},
    {.name = "next_cursor",
     .type = FIELD_TEXT,
     .flags = FIELD_NULLABLE | FIELD_READ_ONLY,
     .offset = offsetof(struct event_page, next_cursor),
     .description = "For the page after this one; null on the last"},
};

const struct schema event_page_schema = {
    .name = "EventPage",
    .description = "A page of the log, newest first",
    SCHEMA_FIELDS(page_fields),
};
