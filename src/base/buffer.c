#include "base/buffer.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum { FIRST_CAPACITY = 512 };

void buffer_init(struct buffer *buffer, struct arena *arena, size_t limit)
{
    *buffer = (struct buffer){.arena = arena, .limit = limit};
}

void buffer_init_fixed(struct buffer *buffer, char *storage, size_t size)
{
    *buffer = (struct buffer){.data = storage, .capacity = size, .limit = size};
}

static bool buffer_grow(struct buffer *buffer, size_t size)
{
    if (size > buffer->limit - buffer->length) {
        buffer->overflowed = true;
        return false;
    }
    size_t needed = buffer->length + size;
    size_t capacity = buffer->capacity == 0 ? FIRST_CAPACITY : buffer->capacity;
    while (capacity < needed)
        capacity *= 2;
    char *data = arena_allocate(buffer->arena, capacity);
    if (buffer->length > 0)
        memcpy(data, buffer->data, buffer->length);
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

char *buffer_reserve(struct buffer *buffer, size_t size)
{
    if (buffer->capacity - buffer->length < size && !buffer_grow(buffer, size))
        return NULL;
    if (buffer->limit - buffer->length < size) {
        buffer->overflowed = true;
        return NULL;
    }
    return buffer->data + buffer->length;
}

void buffer_add(struct buffer *buffer, const void *data, size_t length)
{
    char *room = buffer_reserve(buffer, length);
    if (room == NULL || length == 0)
        return;
    memcpy(room, data, length);
    buffer->length += length;
}

void buffer_add_text(struct buffer *buffer, struct text text)
{
    buffer_add(buffer, text.data, text.length);
}

void buffer_add_string(struct buffer *buffer, const char *string)
{
    buffer_add(buffer, string, strlen(string));
}

void buffer_add_char(struct buffer *buffer, char c)
{
    buffer_add(buffer, &c, 1);
}

void buffer_add_integer(struct buffer *buffer, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        digits[--at] = '-';
    buffer_add(buffer, digits + at, sizeof digits - at);
}

/* vsnprintf wants room for a NUL, which the limit does not count: without it, the text is made
 * elsewhere first. */
void buffer_format_list(struct buffer *buffer, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    size_t size = length < 0 ? 0 : (size_t)length;
    if (buffer->capacity - buffer->length > size) {
        vsnprintf(buffer->data + buffer->length, size + 1, format, again);
        buffer->length += size;
    } else {
        CLEANUP_FREE char *text = memory_allocate(size + 1);
        vsnprintf(text, size + 1, format, again);
        buffer_add(buffer, text, size);
    }
    va_end(again);
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buffer_format_list(buffer, format, arguments);
    va_end(arguments);
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void buffer_add_encoded(struct buffer *buffer, struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (is_unreserved(text.data[i]))
            buffer_add_char(buffer, text.data[i]);
        else
            buffer_format(buffer, "%%%02X", (unsigned)(unsigned char)text.data[i]);
    }
}

struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){buffer->data == NULL ? "" : buffer->data, buffer->length};
}

bool buffer_overflowed(const struct buffer *buffer)
{
    return buffer->overflowed;
}
