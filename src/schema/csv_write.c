#include "schema/csv.h"
#include "schema/encode.h"

/* Whether a text begins with what makes a formula, behind any number of apostrophes. */
static bool is_formula(struct text text)
{
    size_t at = 0;
    while (at < text.length && text.data[at] == '\'')
        at++;
    static const char starts[] = {'=', '+', '-', '@', '\t', '\r'};
    return at < text.length && memchr(starts, text.data[at], sizeof starts) != NULL;
}

struct text csv_unguard(struct text text)
{
    if (text.length == 0 || text.data[0] != '\'')
        return text;
    struct text rest = {text.data + 1, text.length - 1};
    return is_formula(rest) ? rest : text;
}

static void write_text(struct buffer *out, struct text text)
{
    if (text.data == NULL)
        return;
    buffer_add_char(out, '"');
    if (is_formula(text))
        buffer_add_char(out, '\'');
    struct text piece;
    for (bool first = true; text_split(&text, '"', &piece); first = false) {
        buffer_add_string(out, first ? "" : "\"\"");
        buffer_add_text(out, piece);
    }
    buffer_add_char(out, '"');
}

static void write_field(const struct field *field, const void *structure, struct buffer *out)
{
    const void *member = field_of_const(field, structure);
    struct json json;
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_TEXT_SET:
    case FIELD_JSON:
        write_text(out, *(const struct text *)member);
        return;
    case FIELD_INTEGER:
    case FIELD_DATE:
    case FIELD_TIMESTAMP:
        if (*(const int64_t *)member == FIELD_INTEGER_NULL)
            return;
        break;
    default:
        break;
    }
    /* As JSON these have nothing that CSV would write otherwise. */
    json_init(&json, out);
    encode_field(field, structure, &json);
}

static bool is_written(const struct field *field)
{
    return (field->flags & FIELD_WRITE_ONLY) == 0;
}

void csv_write_names(const struct schema *schema, struct buffer *out)
{
    const char *separator = "";
    for (size_t i = 0; i < schema->count; i++) {
        if (!is_written(&schema->fields[i]))
            continue;
        buffer_add_string(out, separator);
        buffer_add_string(out, schema->fields[i].name);
        separator = ",";
    }
    buffer_add_string(out, "\r\n");
}

void csv_write_row(const struct schema *schema, const void *structure, struct buffer *out)
{
    const char *separator = "";
    for (size_t i = 0; i < schema->count; i++) {
        if (!is_written(&schema->fields[i]))
            continue;
        buffer_add_string(out, separator);
        write_field(&schema->fields[i], structure, out);
        separator = ",";
    }
    buffer_add_string(out, "\r\n");
}
