/*
 * json.h: a streaming JSON writer (RFC 8259).
 *
 * Values are written straight into a buffer; the writer keeps only whether the next one needs a
 * comma before it. The caller keeps begin and end in balance. Text must be valid UTF-8.
 *
 *   json_begin_object(&json);
 *   json_key(&json, "id");     json_put_integer(&json, 7);
 *   json_key(&json, "title");  json_put_text(&json, title);
 *   json_end_object(&json);
 */
#ifndef ERRAND_BASE_JSON_H
#define ERRAND_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

struct json {
    struct buffer *out;
    bool comma; /* a value stands before the next one in the same array or object */
};

/* json_init: a writer at the start of a document that appends to `out`. */
void json_init(struct json *json, struct buffer *out);

void json_begin_object(struct json *json);
void json_end_object(struct json *json);
void json_begin_array(struct json *json);
void json_end_array(struct json *json);

/* json_key: the name of the next member. */
void json_key(struct json *json, const char *name);
void json_key_text(struct json *json, struct text name);

/* json_put_text: a string, or null for the null text. */
void json_put_text(struct json *json, struct text text);
void json_put_string(struct json *json, const char *string);
void json_put_integer(struct json *json, int64_t value);
void json_put_boolean(struct json *json, bool value);
void json_put_null(struct json *json);

/* json_put_real: a number with at most six decimals and no trailing zeros; null unless finite. */
void json_put_real(struct json *json, double value);

/* json_put_raw: `text` as it is: one whole JSON value made elsewhere; null for the null text. */
void json_put_raw(struct json *json, struct text text);

/* json_put_timestamp: microseconds since 1970 as an RFC 3339 string; json_put_date: days since
 * 1970. */
void json_put_timestamp(struct json *json, int64_t microseconds);
void json_put_date(struct json *json, int64_t days);

#endif
