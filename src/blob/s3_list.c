#include "blob/s3_list.h"

#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"

enum { TOKEN_LIMIT = 8192, CODE_LIMIT = 64 };

/* What is between <NAME> and </NAME>, off the front of `*rest`. False when there is no more. */
static bool take_element(struct text *rest, const char *opening, const char *closing,
                         struct text *ret_content)
{
    const char *start =
        rest->length == 0 ? NULL : memmem(rest->data, rest->length, opening, strlen(opening));
    if (start == NULL)
        return false;
    start += strlen(opening);
    const char *limit = rest->data + rest->length;
    const char *end = memmem(start, (size_t)(limit - start), closing, strlen(closing));
    if (end == NULL)
        return false;
    const char *next = end + strlen(closing);
    *ret_content = (struct text){start, (size_t)(end - start)};
    *rest = (struct text){next, (size_t)(limit - next)};
    return true;
}

bool s3_list_next(struct text *rest, struct s3_object *ret_object)
{
    struct text contents;
    if (!take_element(rest, "<Contents>", "</Contents>", &contents))
        return false;
    struct s3_object object = {TEXT(""), INT64_MAX};
    struct text modified;
    struct text of_key = contents;
    struct text of_time = contents;
    take_element(&of_key, "<Key>", "</Key>", &object.key);
    if (take_element(&of_time, "<LastModified>", "</LastModified>", &modified) &&
        clock_parse_timestamp(modified, &object.modified) < 0)
        object.modified = INT64_MAX;
    *ret_object = object;
    return true;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

/* The character that an entity at the front of `*rest` stands for, or the one that is there. */
static char take_character(struct text *rest)
{
    static const struct {
        struct text entity;
        char character;
    } entities[] = {
        {{"&amp;", 5}, '&'},  {{"&lt;", 4}, '<'},    {{"&gt;", 4}, '>'},
        {{"&quot;", 6}, '"'}, {{"&apos;", 6}, '\''}, {{"&#34;", 5}, '"'},
        {{"&#39;", 5}, '\''}, {{"&#43;", 5}, '+'},   {{"&#47;", 5}, '/'},
    };
    char c = rest->data[0];
    size_t length = 1;
    for (size_t i = 0; c == '&' && i < sizeof entities / sizeof entities[0]; i++) {
        if (!text_starts_with(*rest, entities[i].entity))
            continue;
        c = entities[i].character;
        length = entities[i].entity.length;
        break;
    }
    *rest = (struct text){rest->data + length, rest->length - length};
    return c;
}

struct text s3_list_token(struct arena *arena, struct text body)
{
    struct text truncated;
    struct text rest = body;
    if (!take_element(&rest, "<IsTruncated>", "</IsTruncated>", &truncated) ||
        !text_is(truncated, "true"))
        return TEXT_NULL;
    struct text token;
    rest = body;
    if (!take_element(&rest, "<NextContinuationToken>", "</NextContinuationToken>", &token) ||
        token.length == 0 || token.length > TOKEN_LIMIT)
        return TEXT_NULL;
    struct buffer encoded;
    buffer_init(&encoded, arena, 3 * TOKEN_LIMIT);
    while (token.length > 0) {
        char c = take_character(&token);
        if (is_unreserved(c))
            buffer_add_char(&encoded, c);
        else
            buffer_format(&encoded, "%%%02X", (unsigned)(unsigned char)c);
    }
    return buffer_text(&encoded);
}

struct text s3_error_code(struct text body)
{
    struct text code;
    if (!take_element(&body, "<Code>", "</Code>", &code) || code.length > CODE_LIMIT)
        return TEXT("");
    for (size_t i = 0; i < code.length; i++) {
        char c = code.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
            return TEXT("");
    }
    return code;
}
