/*
 * redis_url.h: redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]
 *
 * User and password may be percent-encoded. No message repeats anything of a URL, which may hold a
 * password.
 */
#ifndef ERRAND_CACHE_REDIS_URL_H
#define ERRAND_CACHE_REDIS_URL_H

#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

enum { REDIS_PORT = 6379, REDIS_DATABASE_LIMIT = 1 << 20 };

struct redis_url {
    struct text user; /* null: none, as the next */
    struct text password;
    struct text host; /* an IPv6 address without its brackets */
    int64_t port;
    int64_t database;
};

/* redis_url_parse: ERROR_INVALID when `url` is none of Redis's. The texts are in `arena`, each with
 * a NUL behind it. */
int redis_url_parse(struct redis_url *ret_url, struct arena *arena, struct text url);

#endif
