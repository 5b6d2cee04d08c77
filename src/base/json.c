#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

void json_init(struct json *json, struct buffer *out)
{
    *json = (struct json){.out = out};
}

static void before_value(struct json *json)
{
    if (json->comma)
        buffer_add_char(json->out, ',');
    json->comma = true;
}

void json_begin_object(struct json *json)
{
    before_value(json);
    buffer_add_char(json->out, '{');
    json->comma = false;
}

void json_end_object(struct json *json)
{
    buffer_add_char(json->out, '}');
    json->comma = true;
}

void json_begin_array(struct json *json)
{
    before_value(json);
    buffer_add_char(json->out, '[');
    json->comma = false;
}

void json_end_array(struct json *json)
{
    buffer_add_char(json->out, ']');
    json->comma = true;
}

/* Which bytes stand for themselves inside a string. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void write_escape(struct buffer *out, unsigned char c)
{
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    static const char hex[] = "0123456789abcdef";
    if (c >= 0x20) {
        buffer_add(out, (char[]){'\\', (char)c}, 2);
    } else if (letters[c] != '\0') {
        buffer_add(out, (char[]){'\\', letters[c]}, 2);
    } else {
        buffer_add(out, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
    }
}

static void write_string(struct buffer *out, struct text text)
{
    buffer_add_char(out, '"');
    size_t start = 0;
    for (size_t at = 0; at < text.length; at++) {
        unsigned char c = (unsigned char)text.data[at];
        if (is_plain(c))
            continue;
        buffer_add(out, text.data + start, at - start);
        write_escape(out, c);
        start = at + 1;
    }
    if (text.length > start)
        buffer_add(out, text.data + start, text.length - start);
    buffer_add_char(out, '"');
}

void json_key_text(struct json *json, struct text name)
{
    before_value(json);
    write_string(json->out, name);
    buffer_add_char(json->out, ':');
    json->comma = false;
}

void json_key(struct json *json, const char *name)
{
    json_key_text(json, text_from(name));
}

void json_put_text(struct json *json, struct text text)
{
    if (text.data == NULL) {
        json_put_null(json);
        return;
    }
    before_value(json);
    write_string(json->out, text);
}

void json_put_string(struct json *json, const char *string)
{
    json_put_text(json, text_from(string));
}

void json_put_integer(struct json *json, int64_t value)
{
    before_value(json);
    buffer_add_integer(json->out, value);
}

void json_put_boolean(struct json *json, bool value)
{
    before_value(json);
    buffer_add_text(json->out, value ? TEXT("true") : TEXT("false"));
}

void json_put_null(struct json *json)
{
    before_value(json);
    buffer_add_text(json->out, TEXT("null"));
}

void json_put_real(struct json *json, double value)
{
    if (!isfinite(value)) {
        json_put_null(json);
        return;
    }
    char digits[400];
    int length = snprintf(digits, sizeof digits, "%.6f", value);
    while (length > 1 && digits[length - 1] == '0' && digits[length - 2] != '.')
        length--;
    before_value(json);
    buffer_add(json->out, digits, (size_t)length);
}

void json_put_raw(struct json *json, struct text text)
{
    before_value(json);
    buffer_add_text(json->out, text.data == NULL ? TEXT("null") : text);
}

void json_put_timestamp(struct json *json, int64_t microseconds)
{
    char formatted[CLOCK_TIMESTAMP_SIZE];
    clock_format_timestamp(microseconds, formatted);
    json_put_string(json, formatted);
}

void json_put_date(struct json *json, int64_t days)
{
    char formatted[CLOCK_DATE_SIZE];
    clock_format_date(days, formatted);
    json_put_string(json, formatted);
}
