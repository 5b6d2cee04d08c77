/*
 * problem.h: what is wrong with an input, all of it.
 *
 * Decoders and rules add problems and go on, so that a client hears everything at once. How they
 * are shown is the surface's business (http/surface.h). Texts live in the arena of the list.
 */
#ifndef ERRAND_SCHEMA_PROBLEM_H
#define ERRAND_SCHEMA_PROBLEM_H

#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

enum problem_location { LOCATION_BODY, LOCATION_QUERY, LOCATION_PATH, LOCATION_HEADER };

enum { PROBLEM_LIMIT = 100 }; /* further ones are not kept */

struct problem {
    enum problem_location location;
    struct text field;   /* "tags.3" for an item of a list; empty for the input as a whole */
    const char *type;    /* Pydantic's name for this kind of mistake, "string_too_long" */
    struct text message; /* an English sentence without a full stop */
    struct text input;   /* what was given, as JSON; the null text for a secret */
};

struct problems {
    struct arena *arena;
    enum problem_location location; /* of those added from now on */
    const char *prefix; /* of the fields of those added from now on, "updates"; NULL for none */
    struct problem *items;
    size_t count;
};

void problems_init(struct problems *problems, struct arena *arena);

/* problem_add: the message is formatted as printf does. `input` is JSON or the null text. */
void problem_add(struct problems *problems, struct text field, const char *type, struct text input,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* problem_value: a rule that a field's value breaks, without echoing the value. */
void problem_value(struct problems *problems, const char *field, const char *message);

/* problem_input: `text` as JSON for problem_add, shortened when it is long. */
struct text problem_input(struct problems *problems, struct text text);

#endif
