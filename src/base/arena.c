#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    FIRST_CHUNK_SIZE = 6144, /* enough for most requests; a stream keeps it as long as it lasts */
    CHUNK_SIZE = 8192,
    ALIGNMENT = _Alignof(max_align_t),
};

struct arena_chunk {
    struct arena_chunk *older;
    _Alignas(max_align_t) char data[];
};

struct arena_deferred {
    struct arena_deferred *older;
    void (*release)(void *resource);
    void *resource;
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

void arena_release(struct arena *arena)
{
    for (struct arena_deferred *entry = arena->deferred; entry != NULL; entry = entry->older)
        entry->release(entry->resource);
    struct arena_chunk *chunk = arena->chunks;
    while (chunk != NULL) {
        struct arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    arena_init(arena);
}

static struct arena_chunk *chunk_create(size_t capacity)
{
    if (capacity > SIZE_MAX - sizeof(struct arena_chunk))
        memory_exhausted(capacity);
    struct arena_chunk *chunk = malloc(sizeof *chunk + capacity);
    if (chunk == NULL)
        memory_exhausted(capacity);
    return chunk;
}

/* A piece too large for the rest of a chunk: a small one starts a new chunk, a big one gets a
 * chunk of its own, placed behind the current one so that its free rest stays in use. */
static void *arena_allocate_slowly(struct arena *arena, size_t size)
{
    if (size > CHUNK_SIZE / 2) {
        struct arena_chunk *own = chunk_create(size);
        if (arena->chunks == NULL) {
            own->older = NULL;
            arena->chunks = own;
        } else {
            own->older = arena->chunks->older;
            arena->chunks->older = own;
        }
        return own->data;
    }
    size_t capacity = arena->chunks == NULL ? FIRST_CHUNK_SIZE : CHUNK_SIZE;
    struct arena_chunk *chunk = chunk_create(capacity - sizeof *chunk);
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->next = chunk->data + size;
    arena->end = (char *)chunk + capacity;
    return chunk->data;
}

void *arena_allocate(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        memory_exhausted(size);
    if (size == 0)
        size = 1; /* a piece of no bytes has an address too */
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if ((size_t)(arena->end - arena->next) < size)
        return arena_allocate_slowly(arena, size);
    void *piece = arena->next;
    arena->next += size;
    return piece;
}

void *arena_allocate_zeroed(struct arena *arena, size_t size)
{
    void *piece = arena_allocate(arena, size);
    memset(piece, 0, size);
    return piece;
}

struct text arena_copy(struct arena *arena, struct text text)
{
    if (text.data == NULL)
        return text;
    char *copy = arena_allocate(arena, text.length + 1);
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    return (struct text){copy, text.length};
}

struct text arena_format_list(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        length = 0;
    char *data = arena_allocate(arena, (size_t)length + 1);
    data[0] = '\0';
    vsnprintf(data, (size_t)length + 1, format, again);
    va_end(again);
    return (struct text){data, (size_t)length};
}

struct text arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct text text = arena_format_list(arena, format, arguments);
    va_end(arguments);
    return text;
}

void arena_defer(struct arena *arena, void (*release)(void *resource), void *resource)
{
    struct arena_deferred *entry = arena_allocate(arena, sizeof *entry);
    *entry = (struct arena_deferred){arena->deferred, release, resource};
    arena->deferred = entry;
}
