/*
 * encode.h: a structure as JSON, by its schema.
 */
#ifndef ERRAND_SCHEMA_ENCODE_H
#define ERRAND_SCHEMA_ENCODE_H

#include "base/json.h"
#include "schema/field.h"

/* encode_json: writes `structure` as an object, write-only fields left out. */
void encode_json(const struct schema *schema, const void *structure, struct json *json);

/* encode_text: the same as a text in `arena`. ERROR_TOO_LARGE. */
int encode_text(const struct schema *schema, const void *structure, struct arena *arena,
                struct text *ret_json);

/* encode_members: the same without the braces, for an object that has more members. */
void encode_members(const struct schema *schema, const void *structure, struct json *json);

/* encode_field: the value of one field. */
void encode_field(const struct field *field, const void *structure, struct json *json);

#endif
