/*
 * parameters.h: names and values of a query string or a form.
 *
 * Both are application/x-www-form-urlencoded (URL Standard, section 5): name=value pairs joined by
 * `&`, percent-encoded, with `+` for a space.
 */
#ifndef ERRAND_SCHEMA_PARAMETERS_H
#define ERRAND_SCHEMA_PARAMETERS_H

#include <stdbool.h>

#include "schema/decode.h"
#include "schema/field.h"
#include "schema/problem.h"

enum { PARAMETERS_LIMIT = 128 }; /* pairs of one string */

struct parameter {
    struct text name;
    struct text value;
};

struct parameters {
    struct parameter *items;
    size_t count;
};

/* percent_decode: `text` with its %XX sequences (and, where `plus` is set, `+`) decoded, in
 * `arena`. A `%` that starts no sequence stands for itself. */
struct text percent_decode(struct arena *arena, struct text text, bool plus);

/* parameters_parse: the pairs of `encoded`; ERROR_TOO_LARGE when there are too many. */
int parameters_parse(struct parameters *parameters, struct arena *arena, struct text encoded);

/* parameters_find: the value of `name`, the last one where it stands twice; null text if absent. */
struct text parameters_find(const struct parameters *parameters, const char *name);

/* decode_form: the same for the fields and by the rules of a body. */
int decode_form(const struct body *body, const struct decode_context *context,
                const struct parameters *parameters, struct problems *problems, void *structure,
                uint64_t *ret_present);

/* decode_parameters: reads them into `structure` by `schema`, as decode_json does for JSON; a
 * required field must be there. Unknown names are passed over. `location` is where problems are
 * said to be. */
int decode_parameters(const struct schema *schema, const struct parameters *parameters,
                      enum problem_location location, struct problems *problems, void *structure,
                      uint64_t *ret_present);

#endif
