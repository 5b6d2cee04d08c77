/*
 * descriptor.h: file descriptors that close with their scope.
 */
#ifndef ERRAND_BASE_DESCRIPTOR_H
#define ERRAND_BASE_DESCRIPTOR_H

#include <unistd.h>

static inline void descriptor_cleanup(const int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

/* An int declared with CLEANUP_CLOSE is closed at the end of its scope, unless it is negative. */
#define CLEANUP_CLOSE __attribute__((cleanup(descriptor_cleanup)))

#endif
