/*
 * json_schema.h: field tables as JSON Schema (draft 2020-12), the dialect of OpenAPI 3.1.
 */
#ifndef ERRAND_SCHEMA_JSON_SCHEMA_H
#define ERRAND_SCHEMA_JSON_SCHEMA_H

#include "base/json.h"
#include "schema/decode.h"
#include "schema/field.h"

/* json_schema_write_answer: what encode_json writes. Objects inside are referred to by name, as
 * #/components/schemas/NAME. */
void json_schema_write_answer(const struct schema *schema, struct json *json);

/* json_schema_write_body: what decode_json takes. */
void json_schema_write_body(const struct body *body, struct json *json);

/* json_schema_write_value: one field's value, without its name and description. */
void json_schema_write_value(const struct field *field, struct json *json);

/* json_schema_write_reference: {"$ref":"#/components/schemas/NAME"}. */
void json_schema_write_reference(const char *name, struct json *json);

#endif
