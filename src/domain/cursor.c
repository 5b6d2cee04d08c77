#include "domain/cursor.h"

#include <openssl/evp.h>

#include "base/error.h"
#include "base/json.h"
#include "schema/json_tree.h"

enum { CURSOR_LIMIT = 4096 };

/* base64url without padding (RFC 4648, section 5). */
static struct text base64url_encode(struct arena *arena, struct text text)
{
    char *encoded = arena_allocate(arena, 4 * (text.length / 3 + 1) + 1);
    int length = EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)text.data,
                                 (int)text.length);
    while (length > 0 && encoded[length - 1] == '=')
        length--;
    for (int i = 0; i < length; i++) {
        if (encoded[i] == '+')
            encoded[i] = '-';
        else if (encoded[i] == '/')
            encoded[i] = '_';
    }
    return (struct text){encoded, (size_t)length};
}

static int base64url_decode(struct arena *arena, struct text text, struct text *ret_decoded)
{
    if (text.length > CURSOR_LIMIT)
        return ERROR_INVALID;
    size_t padding = (4 - text.length % 4) % 4;
    char *encoded = arena_allocate(arena, text.length + padding);
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '+' || c == '/' || c == '=')
            return ERROR_INVALID;
        encoded[i] = c;
        if (c == '-')
            encoded[i] = '+';
        else if (c == '_')
            encoded[i] = '/';
    }
    memset(encoded + text.length, '=', padding);
    unsigned char *decoded = arena_allocate(arena, text.length + padding + 1);
    int length =
        EVP_DecodeBlock(decoded, (const unsigned char *)encoded, (int)(text.length + padding));
    if (length < (int)padding)
        return ERROR_INVALID;
    *ret_decoded = (struct text){(char *)decoded, (size_t)length - padding};
    return 0;
}

struct text cursor_encode(struct arena *arena, const struct cursor *cursor)
{
    struct buffer buffer;
    buffer_init(&buffer, arena, CURSOR_LIMIT);
    struct json json;
    json_init(&json, &buffer);
    json_begin_array(&json);
    json_put_integer(&json, cursor->sort);
    json_put_boolean(&json, cursor->descending);
    if (cursor->key.type == DB_TEXT)
        json_put_text(&json, cursor->key.text);
    else
        json_put_integer(&json, cursor->key.integer);
    json_put_integer(&json, cursor->id);
    json_end_array(&json);
    return base64url_encode(arena, buffer_text(&buffer));
}

int cursor_decode(struct arena *arena, struct text text, struct cursor *ret_cursor)
{
    struct text decoded;
    const json_t *list;
    if (base64url_decode(arena, text, &decoded) < 0 ||
        json_tree_parse(arena, decoded, &list, NULL) < 0)
        return ERROR_INVALID;
    const json_t *sort = json_array_get(list, 0);
    const json_t *key = json_array_get(list, 2);
    const json_t *id = json_array_get(list, 3);
    if (json_array_size(list) != 4 || !json_is_integer(sort) || !json_is_integer(id) ||
        !json_is_boolean(json_array_get(list, 1)) ||
        (!json_is_integer(key) && !json_is_string(key)))
        return ERROR_INVALID;
    *ret_cursor = (struct cursor){
        .sort = json_integer_value(sort),
        .descending = json_is_true(json_array_get(list, 1)),
        .key = json_is_string(key)
                   ? db_text((struct text){json_string_value(key), json_string_length(key)})
                   : db_integer(json_integer_value(key)),
        .id = json_integer_value(id),
    };
    return 0;
}

struct text cursor_encode_sequence(struct arena *arena, int64_t number)
{
    const struct cursor cursor = {.descending = true, .key = db_integer(number), .id = number};
    return cursor_encode(arena, &cursor);
}

int cursor_decode_sequence(struct arena *arena, struct text text, int64_t *ret_number)
{
    struct cursor cursor;
    int error = cursor_decode(arena, text, &cursor);
    if (error < 0)
        return error;
    if (cursor.sort != 0 || !cursor.descending || cursor.key.type != DB_INTEGER ||
        cursor.key.integer != cursor.id)
        return ERROR_INVALID;
    *ret_number = cursor.id;
    return 0;
}
