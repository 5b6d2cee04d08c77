#include "schema/json_schema.h"

static void put_string(struct json *json, const char *key, const char *value)
{
    json_key(json, key);
    json_put_string(json, value);
}

static void put_integer(struct json *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_put_integer(json, value);
}

static const char *type_name(const struct field *field)
{
    switch (field->type) {
    case FIELD_INTEGER:
        return "integer";
    case FIELD_BOOLEAN:
        return "boolean";
    case FIELD_REAL:
        return "number";
    case FIELD_TEXT_SET:
    case FIELD_LIST:
    case FIELD_INTEGERS:
        return "array";
    case FIELD_JSON:
    case FIELD_OBJECT:
    case FIELD_COUNTS:
        return "object";
    default:
        return "string";
    }
}

static void write_type(const struct field *field, struct json *json)
{
    if ((field->flags & FIELD_ANY_TYPE) != 0)
        return;
    json_key(json, "type");
    if ((field->flags & FIELD_NULLABLE) == 0) {
        json_put_string(json, type_name(field));
        return;
    }
    json_begin_array(json);
    json_put_string(json, type_name(field));
    json_put_string(json, "null");
    json_end_array(json);
}

static void write_lengths(const struct field *field, struct json *json)
{
    if (field->minimum > 0)
        put_integer(json, "minLength", field->minimum);
    if (field->maximum > 0)
        put_integer(json, "maxLength", field->maximum);
}

static void write_enumeration(const struct field *field, struct json *json)
{
    json_key(json, "enum");
    json_begin_array(json);
    for (size_t i = 0; i < field->values->count; i++)
        json_put_string(json, field->values->names[i]);
    json_end_array(json);
}

static void write_items(const struct field *field, struct json *json)
{
    json_key(json, "items");
    if (field->type == FIELD_LIST) {
        json_schema_write_reference(field->items->name, json);
        return;
    }
    json_begin_object(json);
    put_string(json, "type", "string");
    write_lengths(field, json);
    json_end_object(json);
    put_integer(json, "maxItems", (int64_t)field->max_items);
    json_key(json, "uniqueItems");
    json_put_boolean(json, true);
}

static void write_constraints(const struct field *field, struct json *json)
{
    switch (field->type) {
    case FIELD_INTEGER:
        if (field->minimum != 0 || field->maximum != 0)
            put_integer(json, "minimum", field->minimum);
        if (field->maximum != 0)
            put_integer(json, "maximum", field->maximum);
        break;
    case FIELD_TEXT:
    case FIELD_WORDS:
        write_lengths(field, json);
        break;
    case FIELD_ENUM:
        write_enumeration(field, json);
        break;
    case FIELD_DATE:
        put_string(json, "format", "date");
        break;
    case FIELD_TIMESTAMP:
        put_string(json, "format", "date-time");
        break;
    case FIELD_TEXT_SET:
    case FIELD_LIST:
        write_items(field, json);
        break;
    case FIELD_INTEGERS:
        json_key(json, "items");
        json_put_raw(json, TEXT("{\"type\":\"integer\"}"));
        put_integer(json, "minItems", field->minimum);
        put_integer(json, "maxItems", (int64_t)field->max_items);
        break;
    case FIELD_COUNTS:
        json_key(json, "additionalProperties");
        json_put_raw(json, TEXT("{\"type\":\"integer\"}"));
        break;
    default:
        break;
    }
}

static void write_value_members(const struct field *field, struct json *json)
{
    write_type(field, json);
    write_constraints(field, json);
    if (field->default_value != NULL) {
        json_key(json, "default");
        json_put_raw(json, text_from(field->default_value));
    }
    if (field->example != NULL) {
        json_key(json, "examples");
        json_begin_array(json);
        json_put_raw(json, text_from(field->example));
        json_end_array(json);
    }
}

void json_schema_write_value(const struct field *field, struct json *json)
{
    json_begin_object(json);
    write_value_members(field, json);
    json_end_object(json);
}

void json_schema_write_reference(const char *name, struct json *json)
{
    json_begin_object(json);
    json_key(json, "$ref");
    buffer_format(json->out, "\"#/components/schemas/%s\"", name);
    json_end_object(json);
}

static void write_property(const struct field *field, struct json *json)
{
    json_key(json, field->name);
    if (field->type == FIELD_OBJECT || field->type == FIELD_BODY) {
        json_schema_write_reference(
            field->type == FIELD_OBJECT ? field->items->name : field->nested->name, json);
        return;
    }
    json_begin_object(json);
    write_value_members(field, json);
    if (field->description != NULL)
        put_string(json, "description", field->description);
    json_end_object(json);
}

/* An object of the fields in one set, of which those in another must be there. */
static void write_object(const struct schema *schema, uint64_t fields, uint64_t required,
                         struct json *json)
{
    json_begin_object(json);
    put_string(json, "type", "object");
    if (schema->description != NULL)
        put_string(json, "description", schema->description);
    json_key(json, "properties");
    json_begin_object(json);
    for (size_t i = 0; i < schema->count; i++) {
        if ((fields & FIELD_BIT(i)) != 0)
            write_property(&schema->fields[i], json);
    }
    json_end_object(json);
    if (required != 0) {
        json_key(json, "required");
        json_begin_array(json);
        for (size_t i = 0; i < schema->count; i++) {
            if ((required & FIELD_BIT(i)) != 0)
                json_put_string(json, schema->fields[i].name);
        }
        json_end_array(json);
    }
    json_end_object(json);
}

void json_schema_write_answer(const struct schema *schema, struct json *json)
{
    uint64_t fields = 0;
    uint64_t required = 0;
    for (size_t i = 0; i < schema->count; i++) {
        unsigned flags = schema->fields[i].flags;
        if ((flags & FIELD_WRITE_ONLY) != 0)
            continue;
        fields |= FIELD_BIT(i);
        required |= (flags & FIELD_OPTIONAL) == 0 ? FIELD_BIT(i) : 0;
    }
    write_object(schema, fields, required, json);
}

void json_schema_write_body(const struct body *body, struct json *json)
{
    uint64_t fields = body_fields(body, true);
    uint64_t required = 0;
    for (size_t i = 0; i < body->schema->count && body->mode == DECODE_CREATE; i++) {
        if ((fields & FIELD_BIT(i)) != 0 && (body->schema->fields[i].flags & FIELD_REQUIRED) != 0)
            required |= FIELD_BIT(i);
    }
    if (!body->accepts_list) {
        write_object(body->schema, fields, required, json);
        return;
    }
    json_begin_object(json);
    json_key(json, "anyOf");
    json_begin_array(json);
    write_object(body->schema, fields, required, json);
    json_schema_write_value(&body->schema->fields[0], json);
    json_end_array(json);
    json_end_object(json);
}
