/*
 * buffer.h: bytes that grow, up to a limit set at birth.
 *
 * A write past the limit is dropped whole and remembered: writers need no check of their own, and
 * whoever takes the result asks buffer_overflowed() once. The bytes live in the buffer's arena.
 */
#ifndef ERRAND_BASE_BUFFER_H
#define ERRAND_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct buffer {
    struct arena *arena;
    char *data;
    size_t length;
    size_t capacity;
    size_t limit;
    bool overflowed;
};

/* buffer_init: an empty buffer of at most `limit` bytes that lives in `arena`. */
void buffer_init(struct buffer *buffer, struct arena *arena, size_t limit);

/* buffer_init_fixed: an empty buffer over `size` bytes of the caller's, which never grows. */
void buffer_init_fixed(struct buffer *buffer, char *storage, size_t size);

/* buffer_reserve: room for `size` more bytes, or NULL when that would pass the limit. The caller
 * writes there and then adds what it wrote to `length`. */
char *buffer_reserve(struct buffer *buffer, size_t size);

void buffer_add(struct buffer *buffer, const void *data, size_t length);
void buffer_add_text(struct buffer *buffer, struct text text);
void buffer_add_string(struct buffer *buffer, const char *string);
void buffer_add_char(struct buffer *buffer, char c);
void buffer_add_integer(struct buffer *buffer, int64_t value);
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_format_list(struct buffer *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* buffer_add_encoded: percent-encoded (RFC 3986): all but letters, digits and `-._~` as %XX. */
void buffer_add_encoded(struct buffer *buffer, struct text text);

/* buffer_text: what was written so far; valid until the next write. */
struct text buffer_text(const struct buffer *buffer);

/* buffer_overflowed: whether a write was dropped because of the limit. */
bool buffer_overflowed(const struct buffer *buffer);

#endif
