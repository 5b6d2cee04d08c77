/*
 * password.h: bcrypt, on threads of its own.
 *
 * Hashing takes a quarter of a second by design, so it never runs in a loop's thread, and its pool
 * is small and of low priority, so that a wave of logins cannot starve other requests.
 *
 * bcrypt reads at most 72 bytes and stops at a NUL: longer passwords are refused, never cut.
 */
#ifndef ERRAND_DOMAIN_PASSWORD_H
#define ERRAND_DOMAIN_PASSWORD_H

#include "base/arena.h"
#include "base/text.h"

enum {
    PASSWORD_MINIMUM = 8, /* code points */
    PASSWORD_MAXIMUM_BYTES = 72,
};

struct passwords;

/* passwords_create: hashes with 2^cost rounds. Never fails. */
struct passwords *passwords_create(int cost, unsigned threads);
void passwords_free(struct passwords *passwords);

/* password_hash: the hash to store, in `arena`. Parks the fiber. ERROR_BUSY when too many wait. */
int password_hash(struct passwords *passwords, struct arena *arena, struct text password,
                  struct text *ret_hash);

/* password_verify: 0 when `password` is the one that `hash` was made of, else ERROR_UNAUTHORIZED.
 * With a null `hash` (there is no such user) it takes as long and fails. Parks the fiber.
 * ERROR_BUSY when too many wait. */
int password_verify(struct passwords *passwords, struct text password, struct text hash);

/* password_check: what is wrong with a password anywhere, beyond its minimal length; NULL when
 * nothing is. password_check_strict: what is wrong under the strict policy. */
const char *password_check(struct text password);
const char *password_check_strict(struct text password);

#endif
