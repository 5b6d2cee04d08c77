/*
 * memory.h: checked allocation outside an arena.
 *
 * errand does not limp on without memory: when the system refuses an allocation the process says
 * so and aborts, and its supervisor starts it again. Nothing acknowledged is lost by that (see
 * db/db.h), and no caller needs an error path that cannot be tested. What a client can make grow
 * has a limit of its own (buffer.h, http/request.h), so a request cannot bring this about.
 */
#ifndef ERRAND_BASE_MEMORY_H
#define ERRAND_BASE_MEMORY_H

#include <stddef.h>

/* memory_allocate: `size` zeroed bytes, released with free(). Any thread. */
void *memory_allocate(size_t size);

/* memory_allocate_array: `count` zeroed elements of `size` bytes each; aborts on overflow. */
void *memory_allocate_array(size_t count, size_t size);

/* memory_resize: realloc that does not fail; bytes beyond the old size are not zeroed. */
void *memory_resize(void *block, size_t size);

/* memory_copy_string: a heap copy of `string`, released with free(). */
char *memory_copy_string(const char *string);

/* memory_exhausted: reports that `size` bytes could not be had, and aborts. */
_Noreturn void memory_exhausted(size_t size);

/* A variable declared with CLEANUP_FREE is passed to free() at the end of its scope. */
#define CLEANUP_FREE __attribute__((cleanup(memory_cleanup)))
void memory_cleanup(void *pointer_to_pointer);

#endif
