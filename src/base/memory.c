#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void memory_exhausted(size_t size)
{
    fprintf(stderr, "errand: out of memory (%zu bytes refused)\n", size);
    abort();
}

void *memory_allocate(size_t size)
{
    return memory_allocate_array(1, size);
}

void *memory_allocate_array(size_t count, size_t size)
{
    void *block = calloc(count, size);
    if (block == NULL && count != 0 && size != 0)
        memory_exhausted(size);
    return block;
}

void *memory_resize(void *block, size_t size)
{
    void *resized = realloc(block, size);
    if (resized == NULL && size != 0)
        memory_exhausted(size);
    return resized;
}

char *memory_copy_string(const char *string)
{
    char *copy = strdup(string);
    if (copy == NULL)
        memory_exhausted(strlen(string) + 1);
    return copy;
}

void memory_cleanup(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}
