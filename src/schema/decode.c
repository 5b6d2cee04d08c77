#include "schema/decode.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "schema/json_tree.h"
#include "schema/value.h"

enum {
    ECHO_LIMIT = 1024,   /* bytes of an input that an error repeats; a longer one is not */
    SET_LIMIT = 1 << 16, /* bytes of a text set as JSON */
};

static const json_t *parse(struct text text, struct problems *problems)
{
    if (text_trim(text).length == 0) {
        problem_add(problems, TEXT(""), "missing", TEXT("null"), "Field required");
        return NULL;
    }
    const json_t *tree;
    struct text message;
    if (json_tree_parse(problems->arena, text, &tree, &message) < 0) {
        problem_add(problems, TEXT(""), "json_invalid", TEXT("{}"), "JSON decode error: %.*s",
                    TEXT_ARGUMENTS(message));
        return NULL;
    }
    return tree;
}

/* The value as JSON for an error, or null where it is long. */
static struct text echo(struct problems *problems, const json_t *value)
{
    if (json_is_string(value))
        return problem_input(problems,
                             (struct text){json_string_value(value), json_string_length(value)});
    char *room = arena_allocate(problems->arena, ECHO_LIMIT);
    size_t length = json_dumpb(value, room, ECHO_LIMIT, JSON_COMPACT | JSON_ENCODE_ANY);
    return length > ECHO_LIMIT ? TEXT("null") : (struct text){room, length};
}

static bool fail(const struct value_target *target, const json_t *value, const char *type,
                 const char *message)
{
    value_add_problem(target, type, echo(target->problems, value), message);
    return false;
}

/* The canonical JSON of a list of unique texts; see FIELD_TEXT_SET. */
static bool decode_list(const struct value_target *target, const json_t *list)
{
    const struct field *field = target->field;
    struct arena *arena = target->problems->arena;
    if (!json_is_array(list))
        return fail(target, list, "list_type", "Input should be a valid list");
    struct text *items = arena_allocate(arena, (field->max_items + 1) * sizeof *items);
    size_t count = 0;
    bool good = true;
    size_t index;
    const json_t *item;
    json_array_foreach(list, index, item)
    {
        if (target->problems->count == PROBLEM_LIMIT || count > field->max_items)
            break;
        struct value_target each = *target;
        each.path = arena_format(arena, "%s.%zu", field->name, index);
        if (!json_is_string(item)) {
            good = fail(&each, item, "string_type", "Input should be a valid string");
            continue;
        }
        struct text text = {json_string_value(item), json_string_length(item)};
        if (!value_check_text(&each, &text)) {
            good = false;
            continue;
        }
        size_t earlier = 0;
        while (earlier < count && !text_equal(items[earlier], text))
            earlier++;
        if (earlier == count && count <= field->max_items)
            items[count++] = text;
    }
    if (count > field->max_items) {
        problem_add(target->problems, target->path, "too_long", TEXT("null"),
                    "List should have at most %zu items", field->max_items);
        return false;
    }
    struct buffer buffer;
    buffer_init(&buffer, arena, SET_LIMIT);
    struct json json;
    json_init(&json, &buffer);
    json_begin_array(&json);
    for (size_t i = 0; i < count; i++)
        json_put_text(&json, items[i]);
    json_end_array(&json);
    *(struct text *)field_of(field, target->structure) = buffer_text(&buffer);
    return good;
}

static void release_tree(void *tree)
{
    json_decref(tree);
}

bool decode_text_set(const struct value_target *target, struct text text)
{
    struct arena *arena = target->problems->arena;
    if (!text_is_valid(text)) {
        value_add_problem(target, "value_error", TEXT_NULL, "Text must be valid UTF-8");
        return false;
    }
    if (text_starts_with(text_trim(text), TEXT("["))) {
        const json_t *list;
        if (json_tree_parse(arena, text, &list, NULL) == 0)
            return decode_list(target, list);
        value_add_problem(target, "list_type", problem_input(target->problems, text),
                          "Input should be a JSON list or a comma list");
        return false;
    }
    json_t *list = json_array();
    arena_defer(arena, release_tree, list);
    struct text piece;
    while (text_split(&text, ',', &piece)) {
        piece = text_trim(piece);
        if (piece.length > 0)
            json_array_append_new(list, json_stringn(piece.data, piece.length));
    }
    return decode_list(target, list);
}

static void set_null(const struct field *field, void *structure)
{
    void *member = field_of(field, structure);
    if (field->type == FIELD_TEXT || field->type == FIELD_TEXT_SET || field->type == FIELD_JSON)
        *(struct text *)member = TEXT_NULL;
    else
        *(int64_t *)member = FIELD_INTEGER_NULL;
}

/* What a value of the wrong JSON type hears, in Pydantic's words: a string is said not to parse. */
static bool fail_type(const struct value_target *target, const json_t *value)
{
    bool is_string = json_is_string(value);
    switch (target->field->type) {
    case FIELD_INTEGER:
        return fail(target, value, is_string ? "int_parsing" : "int_type",
                    "Input should be a valid integer");
    case FIELD_BOOLEAN:
        return fail(target, value, is_string ? "bool_parsing" : "bool_type",
                    "Input should be a valid boolean");
    case FIELD_DATE:
        return fail(target, value, "date_type", "Input should be a valid date");
    case FIELD_TEXT_SET:
        return fail(target, value, "list_type", "Input should be a valid list");
    case FIELD_ENUM:
        value_add_enum_problem(target, echo(target->problems, value));
        return false;
    default:
        return fail(target, value, "string_type", "Input should be a valid string");
    }
}

static bool decode_integers(const struct value_target *target, const json_t *list)
{
    const struct field *field = target->field;
    if (!json_is_array(list))
        return fail(target, list, "list_type", "Input should be a valid list");
    size_t given = json_array_size(list);
    if ((int64_t)given < field->minimum || given > field->max_items) {
        problem_add(target->problems, target->path,
                    given > field->max_items ? "too_long" : "too_short", TEXT("null"),
                    "List should have %jd to %zu items", (intmax_t)field->minimum,
                    field->max_items);
        return false;
    }
    struct arena *arena = target->problems->arena;
    struct integer_list integers = {arena_allocate(arena, given * sizeof(int64_t)), 0};
    bool good = true;
    for (size_t i = 0; i < given && target->problems->count < PROBLEM_LIMIT; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_integer(item)) {
            struct value_target each = *target;
            each.path = arena_format(arena, "%s.%zu", field->name, i);
            good = fail(&each, item, "int_type", "Input should be a valid integer");
            continue;
        }
        int64_t integer = json_integer_value(item);
        size_t earlier = 0;
        while (earlier < integers.count && integers.items[earlier] != integer)
            earlier++;
        if (earlier == integers.count)
            integers.items[integers.count++] = integer;
    }
    *(struct integer_list *)field_of(field, target->structure) = integers;
    return good;
}

static bool decode_value(const struct value_target *target, const json_t *value)
{
    const struct field *field = target->field;
    if (json_is_null(value) && (field->flags & FIELD_NULLABLE) != 0) {
        set_null(field, target->structure);
        return true;
    }
    if (field->type == FIELD_TEXT_SET)
        return decode_list(target, value);
    if (field->type == FIELD_INTEGERS)
        return decode_integers(target, value);
    if (field->type == FIELD_INTEGER && json_is_integer(value))
        return value_set_integer(target, json_integer_value(value), echo(target->problems, value));
    if (field->type == FIELD_BOOLEAN && json_is_boolean(value)) {
        *(bool *)field_of(field, target->structure) = json_is_true(value);
        return true;
    }
    if (field->type != FIELD_INTEGER && field->type != FIELD_BOOLEAN && json_is_string(value)) {
        struct text text = {json_string_value(value), json_string_length(value)};
        return value_set_text(target, text);
    }
    return fail_type(target, value);
}

static bool has_secrets(const struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        if ((schema->fields[i].flags & FIELD_WRITE_ONLY) != 0)
            return true;
    }
    return false;
}

uint64_t body_fields(const struct body *body, bool admin)
{
    uint64_t fields = body->fields;
    for (size_t i = 0; i < body->schema->count && body->fields == 0; i++) {
        if ((body->schema->fields[i].flags & FIELD_READ_ONLY) == 0)
            fields |= FIELD_BIT(i);
    }
    return admin ? fields : fields & ~body->admin_fields;
}

static uint64_t decode_object(const struct body *body, const struct decode_context *context,
                              const json_t *object, struct problems *problems, void *structure);

/* An object inside, by its own body; its problems name its fields behind its own name. */
static bool decode_nested(const struct value_target *target, const struct decode_context *context,
                          const json_t *object)
{
    const struct field *field = target->field;
    struct problems *problems = target->problems;
    if (!json_is_object(object))
        return fail(target, object, "model_attributes_type", "Input should be a valid object");
    size_t before = problems->count;
    problems->prefix = field->name;
    uint64_t given =
        decode_object(field->nested, context, object, problems, field_of(field, target->structure));
    problems->prefix = NULL;
    *(uint64_t *)((char *)target->structure + field->given_offset) = given;
    return problems->count == before;
}

/* The fields of the object that are good; each of the others has added a problem. A list stands for
 * the only field. */
static uint64_t decode_object(const struct body *body, const struct decode_context *context,
                              const json_t *object, struct problems *problems, void *structure)
{
    uint64_t fields = body_fields(body, context->admin);
    uint64_t good = 0;
    for (size_t i = 0; i < body->schema->count; i++) {
        const struct field *field = &body->schema->fields[i];
        if ((fields & FIELD_BIT(i)) == 0)
            continue;
        struct value_target target = {field, text_from(field->name), structure, problems};
        const json_t *value = json_is_array(object) ? object : json_object_get(object, field->name);
        if (value != NULL) {
            bool decoded = field->type == FIELD_BODY ? decode_nested(&target, context, value)
                                                     : decode_value(&target, value);
            good |= decoded ? FIELD_BIT(i) : 0;
        } else if (body->mode == DECODE_CREATE && (field->flags & FIELD_REQUIRED) != 0) {
            struct text input = has_secrets(body->schema) ? TEXT_NULL : echo(problems, object);
            value_add_problem(&target, "missing", input, "Field required");
        }
    }
    if (body->check != NULL)
        body->check(structure, good, context, problems);
    return good;
}

int decode_json(const struct body *body, const struct decode_context *context, struct text text,
                struct problems *problems, void *structure, uint64_t *ret_present)
{
    problems->location = LOCATION_BODY;
    const json_t *object = parse(text, problems);
    if (object == NULL)
        return ERROR_INVALID;
    if (!json_is_object(object) && !(body->accepts_list && json_is_array(object))) {
        struct text input = has_secrets(body->schema) ? TEXT_NULL : echo(problems, object);
        problem_add(problems, TEXT(""), "model_attributes_type", input,
                    "Input should be a valid dictionary or object to extract fields from");
        return ERROR_INVALID;
    }
    uint64_t good = decode_object(body, context, object, problems, structure);
    if (problems->count > 0)
        return ERROR_INVALID;
    *ret_present = good;
    return 0;
}
