/*
 * value.h: reads one field's value from text, for decode.c and parameters.c alike.
 */
#ifndef ERRAND_SCHEMA_VALUE_H
#define ERRAND_SCHEMA_VALUE_H

#include <stdbool.h>

#include "schema/field.h"
#include "schema/problem.h"

/* A value on its way into a structure. */
struct value_target {
    const struct field *field;
    struct text path; /* the field's name, or "name.index" for an item of a list */
    void *structure;
    struct problems *problems;
};

/* value_check_text: trims and checks `*text` by the rules of a text field. False when a problem was
 * added. The result borrows the bytes given. */
bool value_check_text(const struct value_target *target, struct text *text);

/* value_set_text: reads `text` into a FIELD_TEXT, FIELD_ENUM, FIELD_DATE or FIELD_TIMESTAMP. False
 * when a problem was added. */
bool value_set_text(const struct value_target *target, struct text text);

/* value_set_integer: checks the bounds of a FIELD_INTEGER and sets it. */
bool value_set_integer(const struct value_target *target, int64_t value, struct text input);

/* value_add_enum_problem: adds the problem of an enumeration's value that is none of its names. */
void value_add_enum_problem(const struct value_target *target, struct text input);

/* value_add_problem: adds a problem of this field, echoing `input` unless the field is secret. */
void value_add_problem(const struct value_target *target, const char *type, struct text input,
                       const char *message);

#endif
