#include "domain/row.h"

#include "schema/encode.h"

static bool is_stored(const struct field *field)
{
    return (field->flags & FIELD_STORED) != 0;
}

static struct db_value value_of(const struct field *field, const void *structure)
{
    const void *member = field_of_const(field, structure);
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_TEXT_SET:
    case FIELD_JSON:
        return db_text(*(const struct text *)member);
    case FIELD_BOOLEAN:
        return db_integer(*(const bool *)member);
    default:
        break;
    }
    int64_t number = *(const int64_t *)member;
    return number == FIELD_INTEGER_NULL ? db_null() : db_integer(number);
}

void row_add_columns(struct sql *sql, const struct schema *schema)
{
    const char *separator = "";
    for (size_t i = 0; i < schema->count; i++) {
        if (!is_stored(&schema->fields[i]))
            continue;
        sql_add(sql, separator);
        sql_add(sql, schema->fields[i].name);
        separator = ", ";
    }
}

static bool is_inserted(const struct field *field)
{
    return is_stored(field) && !text_is(TEXT("id"), field->name);
}

void row_add_insert(struct sql *sql, const struct schema *schema, const void *structure,
                    const struct row_column *extra, size_t extra_count)
{
    const char *separator = "(";
    for (size_t i = 0; i < schema->count; i++) {
        if (!is_inserted(&schema->fields[i]))
            continue;
        sql_add(sql, separator);
        sql_add(sql, schema->fields[i].name);
        separator = ", ";
    }
    for (size_t i = 0; i < extra_count; i++) {
        sql_add(sql, separator);
        sql_add(sql, extra[i].name);
    }
    separator = ") VALUES (";
    for (size_t i = 0; i < schema->count; i++) {
        if (!is_inserted(&schema->fields[i]))
            continue;
        sql_add(sql, separator);
        sql_value(sql, value_of(&schema->fields[i], structure));
        separator = ", ";
    }
    for (size_t i = 0; i < extra_count; i++) {
        sql_add(sql, separator);
        sql_value(sql, extra[i].value);
    }
    sql_add(sql, ")");
}

void row_add_assignments(struct sql *sql, const struct schema *schema, uint64_t fields,
                         const void *structure)
{
    const char *separator = "";
    for (size_t i = 0; i < schema->count; i++) {
        if (!is_stored(&schema->fields[i]) || (fields & FIELD_BIT(i)) == 0)
            continue;
        sql_add(sql, separator);
        sql_add(sql, schema->fields[i].name);
        sql_add(sql, " = ");
        sql_value(sql, value_of(&schema->fields[i], structure));
        separator = ", ";
    }
}

static void decode_column(const struct field *field, const struct db_rows *rows, int column,
                          struct arena *arena, void *structure)
{
    void *member = field_of(field, structure);
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_TEXT_SET:
    case FIELD_JSON:
        *(struct text *)member = arena_copy(arena, db_column_text(rows, column));
        break;
    case FIELD_BOOLEAN:
        *(bool *)member = db_column_integer(rows, column) != 0;
        break;
    default:
        *(int64_t *)member =
            db_column_is_null(rows, column) ? FIELD_INTEGER_NULL : db_column_integer(rows, column);
        break;
    }
}

int row_decode(const struct schema *schema, const struct db_rows *rows, struct arena *arena,
               void *structure)
{
    int column = 0;
    for (size_t i = 0; i < schema->count; i++) {
        if (is_stored(&schema->fields[i]))
            decode_column(&schema->fields[i], rows, column++, arena, structure);
    }
    return column;
}

static bool same_value(const struct field *field, const void *a, const void *b)
{
    struct db_value x = value_of(field, a);
    struct db_value y = value_of(field, b);
    if (x.type != y.type)
        return false;
    return x.type == DB_NULL ||
           (x.type == DB_TEXT ? text_equal(x.text, y.text) : x.integer == y.integer);
}

static bool is_written_by_clients(const struct field *field)
{
    return is_stored(field) && (field->flags & FIELD_READ_ONLY) == 0;
}

uint64_t row_changed(const struct schema *schema, const void *before, const void *after)
{
    uint64_t changed = 0;
    for (size_t i = 0; i < schema->count; i++) {
        if (is_written_by_clients(&schema->fields[i]) &&
            !same_value(&schema->fields[i], before, after))
            changed |= FIELD_BIT(i);
    }
    return changed;
}

static bool is_null_at(const struct field *field, const void *structure)
{
    return structure == NULL || value_of(field, structure).type == DB_NULL;
}

static void encode_or_null(const struct field *field, const void *structure, struct json *json)
{
    if (structure == NULL)
        json_put_null(json);
    else
        encode_field(field, structure, json);
}

void row_describe_changes(const struct schema *schema, const void *before, const void *after,
                          struct json *json)
{
    json_begin_object(json);
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!is_written_by_clients(field))
            continue;
        bool same = before == NULL || after == NULL
                        ? is_null_at(field, before) && is_null_at(field, after)
                        : same_value(field, before, after);
        if (same)
            continue;
        json_key(json, field->name);
        json_begin_array(json);
        encode_or_null(field, before, json);
        encode_or_null(field, after, json);
        json_end_array(json);
    }
    json_end_object(json);
}
