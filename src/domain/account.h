/*
 * account.h: signing in, and being recognised afterwards.
 *
 * Both answer ERROR_UNAUTHORIZED alike for every reason, so that nobody learns from the answer
 * whether an account exists; a sign-in also takes as long.
 */
#ifndef ERRAND_DOMAIN_ACCOUNT_H
#define ERRAND_DOMAIN_ACCOUNT_H

#include "domain/user.h"

/* The body of a sign-in. */
struct credentials {
    struct text username;
    struct text password;
};
extern const struct body credentials_body;

/* account_register: a new account with the password that `user` brings. Parks the fiber. Errors of
 * user_create; ERROR_BUSY when too many passwords are being hashed. */
int account_register(struct services *services, const struct actor *actor,
                     struct problems *problems, struct user *user);

/* account_sign_in: the active user with these credentials. Parks the fiber. ERROR_UNAUTHORIZED;
 * ERROR_BUSY when too many are signing in. */
int account_sign_in(struct services *services, struct arena *arena,
                    const struct credentials *credentials, struct user *ret_user);

/* account_recognise: the user whose valid bearer token this is, and until when it is (seconds since
 * 1970). ERROR_UNAUTHORIZED. */
int account_recognise(struct services *services, struct arena *arena, struct text token,
                      struct user *ret_user, int64_t *ret_expires_at);

#endif
