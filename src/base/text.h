/*
 * text.h: strings with a length.
 *
 * A struct text borrows its bytes: whoever made them (an arena, a literal, a row) owns them. It may
 * hold NUL bytes and need not end in one. `data == NULL` is the null text, which is how an absent
 * or null value is told from an empty one. Text that came through schema/ is valid UTF-8.
 * Every function may be called from any thread.
 */
#ifndef ERRAND_BASE_TEXT_H
#define ERRAND_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *data;
    size_t length;
};

/* TEXT: a literal as struct text. */
#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
#define TEXT_NULL ((struct text){NULL, 0})

/* For printf: printf("%.*s", TEXT_ARGUMENTS(text)). */
#define TEXT_ARGUMENTS(text) (int)(text).length, ((text).data == NULL ? "" : (text).data)

static inline struct text text_from(const char *string)
{
    return (struct text){string, string == NULL ? 0 : strlen(string)};
}

static inline bool text_equal(struct text a, struct text b)
{
    if (a.length != b.length)
        return false;
    return a.data == b.data || a.length == 0 || memcmp(a.data, b.data, a.length) == 0;
}

static inline bool text_is(struct text text, const char *string)
{
    return text_equal(text, text_from(string));
}

static inline bool text_starts_with(struct text text, struct text prefix)
{
    if (prefix.length == 0)
        return true;
    return text.length >= prefix.length && memcmp(text.data, prefix.data, prefix.length) == 0;
}

/* text_equal_ignoring_case: compares ASCII letters without regard to case (header names). */
bool text_equal_ignoring_case(struct text a, struct text b);

/* text_trim: without the ASCII white space at both ends. */
struct text text_trim(struct text text);

/* text_split: takes the piece of `*rest` before the next `separator`, leaving what follows it in
 * `*rest` (the null text after the last piece). False when nothing was left to take. */
bool text_split(struct text *rest, char separator, struct text *ret_piece);

/* text_before: what stands before the first `separator`, or all of `text` where there is none. */
struct text text_before(struct text text, char separator);

/* text_is_ascii: whether every byte is below 0x80. */
bool text_is_ascii(struct text text);

/* text_lower_ascii: writes `text` with its ASCII letters in lower case, text.length bytes. */
void text_lower_ascii(struct text text, char *lower);

/* text_is_valid: whether `text` is well-formed UTF-8 (RFC 3629). NUL bytes are well-formed. */
bool text_is_valid(struct text text);

/* text_has_nul: whether there is a NUL byte in it. C's strings cannot have one, nor can texts of
 * PostgreSQL. */
bool text_has_nul(struct text text);

/* text_count: code points in `text`, which must be valid UTF-8. */
size_t text_count(struct text text);

/* text_prefix: the first `count` code points of `text`. */
struct text text_prefix(struct text text, size_t count);

/* text_parse_integer: a whole decimal number with an optional sign and nothing around it.
 * ERROR_INVALID when it is none, ERROR_TOO_LARGE when it does not fit 64 bits. */
int text_parse_integer(struct text text, int64_t *ret_value);

/* text_hash: a 64-bit hash for tables in memory. Not for anything an adversary may aim at
 * unless `seed` is random. */
uint64_t text_hash(struct text text, uint64_t seed);

#endif
