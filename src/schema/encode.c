#include "schema/encode.h"

#include "base/error.h"

enum { TEXT_LIMIT = 64 << 20 }; /* bytes of encode_text */

static bool is_null(const struct field *field, const void *member)
{
    switch (field->type) {
    case FIELD_INTEGER:
    case FIELD_DATE:
    case FIELD_TIMESTAMP:
        return *(const int64_t *)member == FIELD_INTEGER_NULL;
    case FIELD_TEXT:
    case FIELD_TEXT_SET:
    case FIELD_JSON:
        return ((const struct text *)member)->data == NULL;
    default:
        return false;
    }
}

static void encode_list(const struct field *field, const struct schema_list *list,
                        struct json *json)
{
    json_begin_array(json);
    for (size_t i = 0; i < list->count; i++)
        encode_json(field->items, (const char *)list->items + i * list->item_size, json);
    json_end_array(json);
}

static void encode_counts(const struct schema_counts *counts, struct json *json)
{
    json_begin_object(json);
    for (size_t i = 0; i < counts->count; i++) {
        json_key_text(json, counts->items[i].name);
        json_put_integer(json, counts->items[i].count);
    }
    json_end_object(json);
}

void encode_field(const struct field *field, const void *structure, struct json *json)
{
    const void *member = field_of_const(field, structure);
    if (is_null(field, member)) {
        json_put_null(json);
        return;
    }
    switch (field->type) {
    case FIELD_INTEGER:
        json_put_integer(json, *(const int64_t *)member);
        break;
    case FIELD_BOOLEAN:
        json_put_boolean(json, *(const bool *)member);
        break;
    case FIELD_REAL:
        json_put_real(json, *(const double *)member);
        break;
    case FIELD_TEXT:
        json_put_text(json, *(const struct text *)member);
        break;
    case FIELD_ENUM:
        json_put_string(json, field->values->names[*(const int64_t *)member]);
        break;
    case FIELD_DATE:
        json_put_date(json, *(const int64_t *)member);
        break;
    case FIELD_TIMESTAMP:
        json_put_timestamp(json, *(const int64_t *)member);
        break;
    case FIELD_TEXT_SET:
    case FIELD_JSON:
        json_put_raw(json, *(const struct text *)member);
        break;
    case FIELD_OBJECT:
        encode_json(field->items, member, json);
        break;
    case FIELD_LIST:
        encode_list(field, member, json);
        break;
    case FIELD_COUNTS:
        encode_counts(member, json);
        break;
    case FIELD_INTEGERS:
    case FIELD_BODY:
    case FIELD_ENUM_SET:
    case FIELD_WORDS:
    case FIELD_SINCE:
    case FIELD_UNTIL:
        json_put_null(json); /* only read: never in an answer */
        break;
    }
}

void encode_members(const struct schema *schema, const void *structure, struct json *json)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if ((field->flags & FIELD_WRITE_ONLY) != 0)
            continue;
        if ((field->flags & FIELD_OPTIONAL) != 0 &&
            is_null(field, field_of_const(field, structure)))
            continue;
        json_key(json, field->name);
        encode_field(field, structure, json);
    }
}

void encode_json(const struct schema *schema, const void *structure, struct json *json)
{
    json_begin_object(json);
    encode_members(schema, structure, json);
    json_end_object(json);
}

int encode_text(const struct schema *schema, const void *structure, struct arena *arena,
                struct text *ret_json)
{
    struct buffer buffer;
    struct json json;
    buffer_init(&buffer, arena, TEXT_LIMIT);
    json_init(&json, &buffer);
    encode_json(schema, structure, &json);
    if (buffer_overflowed(&buffer))
        return ERROR_TOO_LARGE;
    *ret_json = buffer_text(&buffer);
    return 0;
}
