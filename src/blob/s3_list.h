/*
 * s3_list.h: what S3 answers in XML: a list of objects (ListObjectsV2), or an error.
 *
 * Only our own names matter, and those have no character that XML writes in another way, so a text
 * is taken as it stands; the token of the next part is decoded.
 */
#ifndef ERRAND_BLOB_S3_LIST_H
#define ERRAND_BLOB_S3_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct s3_object {
    struct text key;
    int64_t modified; /* microseconds since 1970; INT64_MAX when it cannot be read */
};

/* s3_list_next: takes the next object off `*rest`, the answer's body at first. False after the last
 * one. */
bool s3_list_next(struct text *rest, struct s3_object *ret_object);

/* s3_list_token: what asks for the next part, encoded for a URL; the null text after the last. */
struct text s3_list_token(struct arena *arena, struct text body);

/* s3_error_code: the code of an error ("NoSuchKey"), letters and digits; "" when there is none. */
struct text s3_error_code(struct text body);

#endif
