#include "schema/value.h"

#include "base/buffer.h"
#include "base/clock.h"

enum { NAMES_LIMIT = 1024 };

void value_add_problem(const struct value_target *target, const char *type, struct text input,
                       const char *message)
{
    if ((target->field->flags & FIELD_WRITE_ONLY) != 0)
        input = TEXT_NULL;
    problem_add(target->problems, target->path, type, input, "%s", message);
}

static void add_text_problem(const struct value_target *target, const char *type, struct text given,
                             const char *message)
{
    value_add_problem(target, type, problem_input(target->problems, given), message);
}

static void add_length_problem(const struct value_target *target, const char *type,
                               struct text given, const char *bound, int64_t limit)
{
    struct text message =
        arena_format(target->problems->arena, "String should have %s %jd character%s", bound,
                     (intmax_t)limit, limit == 1 ? "" : "s");
    add_text_problem(target, type, given, message.data);
}

bool value_check_text(const struct value_target *target, struct text *text)
{
    const struct field *field = target->field;
    if (!text_is_valid(*text)) {
        value_add_problem(target, "value_error", TEXT_NULL, "Text must be valid UTF-8");
        return false;
    }
    if (text_has_nul(*text)) {
        add_text_problem(target, "value_error", *text, "Text must not contain NUL characters");
        return false;
    }
    if ((field->flags & FIELD_TRIMMED) != 0)
        *text = text_trim(*text);
    int64_t count = (int64_t)text_count(*text);
    if (count < field->minimum) {
        add_length_problem(target, "string_too_short", *text, "at least", field->minimum);
        return false;
    }
    if (field->maximum > 0 && count > field->maximum) {
        add_length_problem(target, "string_too_long", *text, "at most", field->maximum);
        return false;
    }
    const char *wrong = field->check == NULL ? NULL : field->check(*text);
    if (wrong != NULL)
        add_text_problem(target, "value_error", *text, wrong);
    return wrong == NULL;
}

/* "Input should be 'a', 'b' or 'c'" */
void value_add_enum_problem(const struct value_target *target, struct text input)
{
    const struct enumeration *values = target->field->values;
    struct buffer names;
    buffer_init(&names, target->problems->arena, NAMES_LIMIT);
    buffer_add_string(&names, "Input should be ");
    for (size_t i = 0; i < values->count; i++) {
        const char *separator = i == 0 ? "" : i + 1 == values->count ? " or " : ", ";
        buffer_format(&names, "%s'%s'", separator, values->names[i]);
    }
    buffer_add_char(&names, '\0');
    value_add_problem(target, "enum", input, names.data);
}

static bool set_enum(const struct value_target *target, struct text text)
{
    const struct enumeration *values = target->field->values;
    bool any_case = (target->field->flags & FIELD_ANY_CASE) != 0;
    int64_t rank =
        any_case ? enumeration_find_ignoring_case(values, text) : enumeration_find(values, text);
    if (rank >= 0)
        *(int64_t *)field_of(target->field, target->structure) = rank;
    else
        value_add_enum_problem(target, problem_input(target->problems, text));
    return rank >= 0;
}

bool value_set_text(const struct value_target *target, struct text text)
{
    int64_t *number = field_of(target->field, target->structure);
    switch (target->field->type) {
    case FIELD_TEXT:
        if (!value_check_text(target, &text))
            return false;
        *(struct text *)field_of(target->field, target->structure) = text;
        return true;
    case FIELD_ENUM:
        return set_enum(target, text);
    case FIELD_DATE:
        if (clock_parse_date(text, number) == 0)
            return true;
        add_text_problem(target, "date_parsing", text,
                         "Input should be a valid date in the format YYYY-MM-DD");
        return false;
    default:
        if (clock_parse_timestamp(text, number) == 0)
            return true;
        add_text_problem(target, "datetime_parsing", text,
                         "Input should be a valid RFC 3339 date and time");
        return false;
    }
}

bool value_set_integer(const struct value_target *target, int64_t value, struct text input)
{
    const struct field *field = target->field;
    struct arena *arena = target->problems->arena;
    bool bounded = field->minimum != 0 || field->maximum != 0;
    if (bounded && value < field->minimum) {
        struct text message = arena_format(arena, "Input should be greater than or equal to %jd",
                                           (intmax_t)field->minimum);
        value_add_problem(target, "greater_than_equal", input, message.data);
        return false;
    }
    if (field->maximum != 0 && value > field->maximum) {
        struct text message = arena_format(arena, "Input should be less than or equal to %jd",
                                           (intmax_t)field->maximum);
        value_add_problem(target, "less_than_equal", input, message.data);
        return false;
    }
    *(int64_t *)field_of(field, target->structure) = value;
    return true;
}
