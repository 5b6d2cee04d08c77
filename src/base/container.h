/*
 * container.h: from a member to the structure it is embedded in.
 */
#ifndef ERRAND_BASE_CONTAINER_H
#define ERRAND_BASE_CONTAINER_H

#include <stddef.h>

/* CONTAINER_OF: the structure of `type` whose member `member` the pointer points at. */
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#endif
