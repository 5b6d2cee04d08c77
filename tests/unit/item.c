#include "item.h"

static const char *const level_names[] = {"low", "medium", "high"};
static const struct enumeration levels = {level_names, 3};

static const char *check_secret(struct text value)
{
    return memchr(value.data, '!', value.length) == NULL ? "Must have an exclamation mark" : NULL;
}

static const struct field owner_fields[] = {
    {.name = "id", .type = FIELD_INTEGER, .offset = offsetof(struct item_owner, id)},
    {.name = "name", .type = FIELD_TEXT, .offset = offsetof(struct item_owner, name)},
};

const struct schema item_owner_schema = {.name = "Owner", SCHEMA_FIELDS(owner_fields)};

#define AT(member) .offset = offsetof(struct item, member)

static const struct field fields[] = {
    [ITEM_ID] = {.name = "id", .type = FIELD_INTEGER, .flags = FIELD_READ_ONLY, AT(id)},
    [ITEM_TITLE] = {.name = "title",
                    .type = FIELD_TEXT,
                    .flags = FIELD_REQUIRED | FIELD_TRIMMED,
                    AT(title),
                    .minimum = 1,
                    .maximum = TITLE_MAXIMUM,
                    .description = "What it is called"},
    [ITEM_NOTE] = {.name = "note",
                   .type = FIELD_TEXT,
                   .flags = FIELD_NULLABLE,
                   AT(note),
                   .maximum = NOTE_MAXIMUM},
    [ITEM_RANK] = {.name = "rank",
                   .type = FIELD_INTEGER,
                   .flags = FIELD_NULLABLE,
                   AT(rank),
                   .minimum = 1,
                   .maximum = 100},
    [ITEM_DONE] = {.name = "done", .type = FIELD_BOOLEAN, AT(done)},
    [ITEM_LEVEL] = {.name = "level",
                    .type = FIELD_ENUM,
                    AT(level),
                    .values = &levels,
                    .default_value = "\"low\"",
                    .example = "\"high\""},
    [ITEM_DUE] = {.name = "due", .type = FIELD_DATE, .flags = FIELD_NULLABLE, AT(due)},
    [ITEM_AT] = {.name = "at", .type = FIELD_TIMESTAMP, .flags = FIELD_NULLABLE, AT(at)},
    [ITEM_TAGS] = {.name = "tags",
                   .type = FIELD_TEXT_SET,
                   .flags = FIELD_TRIMMED,
                   AT(tags),
                   .minimum = 1,
                   .maximum = TAG_MAXIMUM,
                   .max_items = TAGS_MAXIMUM},
    [ITEM_SECRET] = {.name = "secret",
                     .type = FIELD_TEXT,
                     .flags = FIELD_REQUIRED | FIELD_WRITE_ONLY,
                     AT(secret),
                     .minimum = 8,
                     .maximum = 20,
                     .check = check_secret},
    [ITEM_SCORE] = {.name = "score", .type = FIELD_REAL, .flags = FIELD_READ_ONLY, AT(score)},
    [ITEM_EXTRA] = {.name = "extra",
                    .type = FIELD_JSON,
                    .flags = FIELD_READ_ONLY | FIELD_NULLABLE,
                    AT(extra)},
    [ITEM_OWNER] = {.name = "owner",
                    .type = FIELD_OBJECT,
                    .flags = FIELD_READ_ONLY,
                    AT(owner),
                    .items = &item_owner_schema},
    [ITEM_OWNERS] = {.name = "owners",
                     .type = FIELD_LIST,
                     .flags = FIELD_READ_ONLY,
                     AT(owners),
                     .items = &item_owner_schema},
    [ITEM_MAYBE] = {.name = "maybe",
                    .type = FIELD_INTEGER,
                    .flags = FIELD_READ_ONLY | FIELD_OPTIONAL,
                    AT(maybe)},
};

const struct schema item_schema = {
    .name = "Item",
    .description = "An item",
    SCHEMA_FIELDS(fields),
    .size = sizeof(struct item),
};

const struct body item_create = {
    .name = "ItemCreate", .schema = &item_schema, .mode = DECODE_CREATE};
const struct body item_update = {
    .name = "ItemUpdate", .schema = &item_schema, .mode = DECODE_UPDATE};
