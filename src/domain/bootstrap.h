/*
 * bootstrap.h: what a server needs before it serves: a key to sign with and an administrator.
 *
 * On a loopback address both come by themselves: a random key is kept in a file beside the database
 * and the first start makes admin / Admin123. On any other address they have to be set: a server
 * that listens where strangers are never runs with a password that everybody knows.
 */
#ifndef ERRAND_DOMAIN_BOOTSTRAP_H
#define ERRAND_DOMAIN_BOOTSTRAP_H

#include "base/arena.h"
#include "base/config.h"
#include "domain/services.h"

/* bootstrap_secret_key: SECRET_KEY, or the one in the file beside the database at `database_path`
 * (NULL when it is none), which is made on the first start. ERROR_INVALID or ERROR_IO with a
 * message for the user. */
int bootstrap_secret_key(const struct config *config, struct arena *arena,
                         const char *database_path, struct text *ret_key, struct text *ret_message);

/* bootstrap_admin: makes the administrator in a database that has none; refuses a default
 * password where it must not be. ERROR_INVALID with a message for the user; errors of the
 * database. */
int bootstrap_admin(struct services *services, struct arena *arena, struct text *ret_message);

#endif
