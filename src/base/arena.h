/*
 * arena.h: memory with one lifetime.
 *
 * An arena hands out pieces of larger chunks and releases all of them at once, so nothing that
 * lives as long as a request is freed by hand. Foreign resources (a JSON tree, a descriptor) are
 * registered on the arena and released with it, last registered first.
 *
 *   struct arena ── chunk ── chunk ── chunk      newest first; big pieces get a chunk of their own
 *              └── deferred ── deferred          run before the chunks go
 *
 * One thread uses an arena at a time. It may move between threads with its fiber's request: while
 * a fiber is parked in db_write, the writer thread uses the arena in its place.
 */
#ifndef ERRAND_BASE_ARENA_H
#define ERRAND_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/text.h"

struct arena_chunk;
struct arena_deferred;

struct arena {
    struct arena_chunk *chunks;
    struct arena_deferred *deferred;
    char *next; /* first free byte of the newest chunk */
    char *end;
};

/* arena_init: an empty arena; allocates nothing yet. */
void arena_init(struct arena *arena);

/* arena_release: runs what was deferred, then frees every chunk. The arena is empty again. */
void arena_release(struct arena *arena);

/* arena_allocate: `size` bytes, not zeroed, aligned for any type. Never NULL (see memory.h). */
void *arena_allocate(struct arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));

/* arena_allocate_zeroed: the same, zeroed. */
void *arena_allocate_zeroed(struct arena *arena, size_t size)
    __attribute__((malloc, alloc_size(2)));

/* arena_copy: a copy of `text` with a NUL behind it (which its length does not count). */
struct text arena_copy(struct arena *arena, struct text text);

/* arena_format: printf into the arena. */
struct text arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* arena_format_list: the same with a va_list. */
struct text arena_format_list(struct arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* arena_defer: calls release(resource) when the arena is released. */
void arena_defer(struct arena *arena, void (*release)(void *resource), void *resource);

#endif
