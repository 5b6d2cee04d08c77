#include "schema/parameters.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "schema/value.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

struct text percent_decode(struct arena *arena, struct text text, bool plus)
{
    char *decoded = arena_allocate(arena, text.length + 1);
    size_t length = 0;
    for (size_t at = 0; at < text.length; at++) {
        char c = text.data[at];
        if (plus && c == '+')
            c = ' ';
        if (c == '%' && text.length - at > 2) {
            int high = hex_digit(text.data[at + 1]);
            int low = hex_digit(text.data[at + 2]);
            if (high >= 0 && low >= 0) {
                c = (char)(high * 16 + low);
                at += 2;
            }
        }
        decoded[length++] = c;
    }
    decoded[length] = '\0';
    return (struct text){decoded, length};
}

int parameters_parse(struct parameters *parameters, struct arena *arena, struct text encoded)
{
    *parameters = (struct parameters){0};
    if (encoded.length == 0)
        return 0;
    size_t pairs = 1;
    for (size_t i = 0; i < encoded.length; i++)
        pairs += encoded.data[i] == '&';
    if (pairs > PARAMETERS_LIMIT)
        return ERROR_TOO_LARGE;
    parameters->items = arena_allocate(arena, pairs * sizeof *parameters->items);
    struct text pair;
    while (text_split(&encoded, '&', &pair)) {
        struct text name;
        if (pair.length == 0 || !text_split(&pair, '=', &name))
            continue;
        parameters->items[parameters->count++] = (struct parameter){
            .name = percent_decode(arena, name, true),
            .value = pair.data == NULL ? TEXT("") : percent_decode(arena, pair, true),
        };
    }
    return 0;
}

struct text parameters_find(const struct parameters *parameters, const char *name)
{
    for (size_t i = parameters->count; i > 0; i--) {
        if (text_is(parameters->items[i - 1].name, name))
            return parameters->items[i - 1].value;
    }
    return TEXT_NULL;
}

static void set_boolean(const struct value_target *target, struct text text)
{
    static const char *const words[] = {"false", "true", "0", "1", "off", "on", "no", "yes"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_equal_ignoring_case(text, text_from(words[i]))) {
            *(bool *)field_of(target->field, target->structure) = i % 2 == 1;
            return;
        }
    }
    value_add_problem(target, "bool_parsing", problem_input(target->problems, text),
                      "Input should be a valid boolean, unable to interpret input");
}

static void set_integer(const struct value_target *target, struct text text)
{
    int64_t value;
    struct text input = problem_input(target->problems, text);
    int error = text_parse_integer(text, &value);
    if (error == ERROR_INVALID)
        value_add_problem(target, "int_parsing", input,
                          "Input should be a valid integer, unable to parse string as an integer");
    else if (error == ERROR_TOO_LARGE)
        value_add_problem(target, "int_parsing_size", input,
                          "Unable to parse input string as an integer, exceeded maximum size");
    else
        value_set_integer(target, value, input);
}

static void set_enum_set(const struct value_target *target, struct text text)
{
    int64_t bits = 0;
    int64_t rank = 0;
    struct value_target each = *target;
    struct field one = *target->field;
    one.type = FIELD_ENUM;
    one.offset = 0;
    each.field = &one;
    each.structure = &rank;
    struct text word;
    while (text_split(&text, ',', &word)) {
        if (!value_set_text(&each, text_trim(word)))
            return;
        bits |= INT64_C(1) << rank;
    }
    *(int64_t *)field_of(target->field, target->structure) = bits;
}

/* A date is the whole day: FIELD_SINCE takes its first microsecond, FIELD_UNTIL its last. A
 * timestamp is taken as given; answers show milliseconds, so FIELD_UNTIL includes the whole one. */
static void set_moment(const struct value_target *target, struct text text)
{
    bool until = target->field->type == FIELD_UNTIL;
    int64_t *member = field_of(target->field, target->structure);
    int64_t days;
    int64_t moment;
    if (clock_parse_date(text, &days) == 0)
        *member = days * CLOCK_DAY + (until ? CLOCK_DAY - 1 : 0);
    else if (clock_parse_timestamp(text, &moment) == 0)
        *member = moment + (until ? CLOCK_MILLISECOND - 1 : 0);
    else
        value_add_problem(target, "datetime_parsing", problem_input(target->problems, text),
                          "Input should be a date (YYYY-MM-DD) or an RFC 3339 timestamp");
}

static void set_words(const struct value_target *target, struct text text)
{
    if (value_check_text(target, &text))
        *(struct text *)field_of(target->field, target->structure) = text;
}

static void set_value(const struct value_target *target, struct text text)
{
    switch (target->field->type) {
    case FIELD_BOOLEAN:
        set_boolean(target, text);
        break;
    case FIELD_INTEGER:
        set_integer(target, text);
        break;
    case FIELD_ENUM_SET:
        set_enum_set(target, text);
        break;
    case FIELD_TEXT_SET:
        decode_text_set(target, text);
        break;
    case FIELD_SINCE:
    case FIELD_UNTIL:
        set_moment(target, text);
        break;
    case FIELD_WORDS:
        set_words(target, text);
        break;
    default:
        value_set_text(target, text);
        break;
    }
}

static uint64_t decode_fields(const struct schema *schema, uint64_t fields, bool required,
                              const struct parameters *parameters, struct problems *problems,
                              void *structure)
{
    uint64_t present = 0;
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if ((fields & FIELD_BIT(i)) == 0)
            continue;
        struct value_target target = {field, text_from(field->name), structure, problems};
        struct text value = parameters_find(parameters, field->name);
        if (value.data != NULL) {
            present |= FIELD_BIT(i);
            set_value(&target, value);
        } else if (required && (field->flags & FIELD_REQUIRED) != 0) {
            value_add_problem(&target, "missing", TEXT("null"), "Field required");
        }
    }
    return present;
}

int decode_form(const struct body *body, const struct decode_context *context,
                const struct parameters *parameters, struct problems *problems, void *structure,
                uint64_t *ret_present)
{
    problems->location = LOCATION_BODY;
    uint64_t present = decode_fields(body->schema, body_fields(body, context->admin),
                                     body->mode == DECODE_CREATE, parameters, problems, structure);
    if (problems->count == 0 && body->check != NULL)
        body->check(structure, present, context, problems);
    if (problems->count > 0)
        return ERROR_INVALID;
    *ret_present = present;
    return 0;
}

int decode_parameters(const struct schema *schema, const struct parameters *parameters,
                      enum problem_location location, struct problems *problems, void *structure,
                      uint64_t *ret_present)
{
    problems->location = location;
    uint64_t present = decode_fields(schema, UINT64_MAX, true, parameters, problems, structure);
    if (problems->count > 0)
        return ERROR_INVALID;
    *ret_present = present;
    return 0;
}
