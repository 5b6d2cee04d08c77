#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void fill_from_kernel(unsigned char *buffer, size_t size)
{
    while (size > 0) {
        ssize_t got = getrandom(buffer, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            perror("errand: getrandom");
            abort();
        }
        buffer += got;
        size -= (size_t)got;
    }
}

/* Every request takes 16 bytes for its id: a small stock per thread saves the system call. What
 * was handed out is wiped, so that the stock never holds a value in use. */
static _Thread_local unsigned char stock[1024];
static _Thread_local size_t stock_left;

void random_bytes(void *buffer, size_t size)
{
    if (size > sizeof stock / 4) {
        fill_from_kernel(buffer, size);
        return;
    }
    if (stock_left < size) {
        fill_from_kernel(stock, sizeof stock);
        stock_left = sizeof stock;
    }
    unsigned char *from = stock + sizeof stock - stock_left;
    memcpy(buffer, from, size);
    explicit_bzero(from, size);
    stock_left -= size;
}

uint64_t random_integer(void)
{
    uint64_t value;
    random_bytes(&value, sizeof value);
    return value;
}

void uuid_format(char buffer[static UUID_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[16];
    random_bytes(bytes, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    char *at = buffer;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = hex[bytes[i] >> 4];
        *at++ = hex[bytes[i] & 15];
    }
    *at = '\0';
}
