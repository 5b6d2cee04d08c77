/*
 * random.h: unpredictable bytes from the kernel, and identifiers made of them.
 */
#ifndef ERRAND_BASE_RANDOM_H
#define ERRAND_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

enum { UUID_SIZE = 37 }; /* 36 characters and a NUL */

/* random_bytes: fills `buffer` from getrandom(2); aborts when the kernel has none. Any thread. */
void random_bytes(void *buffer, size_t size);

/* random_integer: 64 random bits. Any thread. */
uint64_t random_integer(void);

/* uuid_format: a new random UUID (version 4, RFC 9562) in lower case. Any thread. */
void uuid_format(char buffer[static UUID_SIZE]);

#endif
