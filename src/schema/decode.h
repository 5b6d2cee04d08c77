/*
 * decode.h: JSON into a structure, by its schema, with every mistake at once.
 */
#ifndef ERRAND_SCHEMA_DECODE_H
#define ERRAND_SCHEMA_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/field.h"
#include "schema/problem.h"
#include "schema/value.h"

enum decode_mode {
    DECODE_CREATE, /* required fields must be there */
    DECODE_UPDATE, /* any subset */
};

/* What the rules of a body may depend on besides the body. */
struct decode_context {
    bool admin;            /* sent by an administrator */
    bool strict_passwords; /* passwords must mix characters */
};

/* A request body: which fields of a schema it may have, and the rules between them. */
struct body {
    const char *name; /* in the OpenAPI document */
    const struct schema *schema;
    enum decode_mode mode;
    uint64_t fields;       /* FIELD_BITs; 0 for all that are not read-only */
    uint64_t admin_fields; /* those that count only when an administrator sends them */
    bool accepts_form;     /* may come as application/x-www-form-urlencoded too */
    bool accepts_list;     /* its only field is a list that may come without the object around it */
    /* check: adds a problem for each rule broken by the fields in `present`, which are good. */
    void (*check)(const void *structure, uint64_t present, const struct decode_context *context,
                  struct problems *problems);
};

/* body_fields: the fields that a body may have, for a sender of that kind. */
uint64_t body_fields(const struct body *body, bool admin);

/* decode_text_set: reads a FIELD_TEXT_SET from a JSON list or, where `text` does not begin like
 * one, from a comma list. False when a problem was added. */
bool decode_text_set(const struct value_target *target, struct text text);

/*
 * decode_json: reads the JSON object `text` (or the list that stands for one, where the body
 * accepts it) into `structure`, whose members keep their values where a field is absent. The set of
 * fields that were there goes to `*ret_present`. Fields that the body does not have are passed
 * over. Texts live in the arena of `problems`.
 *
 * ERROR_INVALID when there are problems; then neither output means anything. A text that is no JSON
 * (duplicate names, invalid UTF-8 and nesting beyond 32 levels included) is one problem of the type
 * "json_invalid".
 */
int decode_json(const struct body *body, const struct decode_context *context, struct text text,
                struct problems *problems, void *structure, uint64_t *ret_present);

#endif
