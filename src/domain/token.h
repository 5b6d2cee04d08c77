/*
 * token.h: the bearer tokens (JWT, RFC 7519).
 *
 * Claims: `sub` the user's id, `iat`, `exp`, and `gen`, the user's token generation at the time: a
 * sign-out or a new password raises the generation, and every older token is void.
 *
 * Checking a signature costs some microseconds, so each loop remembers tokens it has found good;
 * such a token is recognised by all of its bytes. What can change (expiry, the user) is checked for
 * every request.
 */
#ifndef ERRAND_DOMAIN_TOKEN_H
#define ERRAND_DOMAIN_TOKEN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/text.h"

struct tokens;

struct token_claims {
    int64_t user_id;
    int64_t generation;
    int64_t expires_at; /* seconds since 1970 */
};

/* tokens_create: signs with `key`. Never fails. */
struct tokens *tokens_create(struct text key, enum config_algorithm algorithm,
                             int64_t lifetime_minutes, unsigned loops);
void tokens_free(struct tokens *tokens);

/* tokens_lifetime: of a new token, in seconds. */
int64_t tokens_lifetime(const struct tokens *tokens);

/* token_issue: a token for the user, in `arena`. ERROR_INTERNAL. Any thread. */
int token_issue(struct tokens *tokens, struct arena *arena, int64_t user_id, int64_t generation,
                struct text *ret_token);

/* token_verify: the claims of a token that we signed and that has not expired, else
 * ERROR_UNAUTHORIZED. Any thread. */
int token_verify(struct tokens *tokens, struct text token, struct token_claims *ret_claims);

#endif
