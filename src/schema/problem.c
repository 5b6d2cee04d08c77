#include "schema/problem.h"

#include "base/buffer.h"
#include "base/json.h"

enum {
    INPUT_LIMIT = 200,       /* code points of an input that are echoed */
    INPUT_JSON_LIMIT = 8192, /* bytes of them as JSON, each escaped */
};

void problems_init(struct problems *problems, struct arena *arena)
{
    *problems = (struct problems){.arena = arena, .location = LOCATION_BODY};
}

void problem_add(struct problems *problems, struct text field, const char *type, struct text input,
                 const char *format, ...)
{
    if (problems->count == PROBLEM_LIMIT)
        return;
    if (problems->items == NULL)
        problems->items = arena_allocate(problems->arena, PROBLEM_LIMIT * sizeof *problems->items);
    va_list arguments;
    va_start(arguments, format);
    struct text message = arena_format_list(problems->arena, format, arguments);
    va_end(arguments);
    problems->items[problems->count++] = (struct problem){
        .location = problems->location,
        .field = problems->prefix == NULL ? arena_copy(problems->arena, field)
                                          : arena_format(problems->arena, "%s.%.*s",
                                                         problems->prefix, TEXT_ARGUMENTS(field)),
        .type = type,
        .message = message,
        .input = input,
    };
}

void problem_value(struct problems *problems, const char *field, const char *message)
{
    problem_add(problems, text_from(field), "value_error", TEXT_NULL, "%s", message);
}

struct text problem_input(struct problems *problems, struct text text)
{
    struct buffer buffer;
    buffer_init(&buffer, problems->arena, INPUT_JSON_LIMIT);
    struct json json;
    json_init(&json, &buffer);
    if (!text_is_valid(text))
        return TEXT("null");
    json_put_text(&json, text_prefix(text, INPUT_LIMIT));
    return buffer_overflowed(&buffer) ? TEXT("null") : buffer_text(&buffer);
}
