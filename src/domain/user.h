/*
 * user.h: accounts.
 *
 * A user name and an e-mail address are unique without regard to case: the folded form of each
 * (Unicode case folding, NFKC) stands beside it in the table under a unique constraint.
 *
 * Functions that take a connection run inside a transaction of db.h; the others open their own and
 * may park the calling fiber. Texts that come out live in the arena given.
 */
#ifndef ERRAND_DOMAIN_USER_H
#define ERRAND_DOMAIN_USER_H

#include "db/db.h"
#include "domain/paging.h"
#include "domain/services.h"
#include "schema/decode.h"
#include "schema/field.h"

enum user_role { ROLE_USER, ROLE_ADMIN };

enum user_field {
    USER_ID,
    USER_USERNAME,
    USER_EMAIL,
    USER_FULL_NAME,
    USER_ROLE,
    USER_IS_ACTIVE,
    USER_CREATED_AT,
    USER_PASSWORD,
    USER_CURRENT_PASSWORD,
    USER_FIELDS,
};

struct user {
    int64_t id;
    struct text username;
    struct text email;
    struct text full_name;
    int64_t role;
    bool is_active;
    int64_t created_at;
    struct text password;         /* only on the way in */
    struct text current_password; /* only on the way in */
    struct text password_hash;    /* only between here and the database */
    int64_t token_generation;     /* tokens of another generation are void */
};

extern const struct schema user_schema;
extern const struct enumeration user_roles;

/* The bodies of a registration, of a change by the user and of one by an administrator. */
extern const struct body registration_body;
extern const struct body account_update_body;
extern const struct body user_update_body;

struct user_query {
    struct paging paging;
    struct text search; /* part of the name, e-mail or full name; null text for any */
};
extern const struct schema user_query_schema;

struct user_page {
    struct schema_list users;
    struct page page;
};
extern const struct schema user_page_schema;

/* user_check: adds the problems of a name, an address and a password that did not come through a
 * body (the command line, the configuration). */
void user_check(const struct user *user, struct text password, struct problems *problems);

/* user_load: the user with that id. ERROR_NOT_FOUND. */
int user_load(struct db_connection *connection, struct arena *arena, int64_t id,
              struct user *ret_user);

/* user_find, user_find_by_name: the same in a transaction of their own. */
int user_find(struct services *services, struct arena *arena, int64_t id, struct user *ret_user);
int user_find_by_name(struct services *services, struct arena *arena, struct text username,
                      struct user *ret_user);

/* user_create: a new account with the hash in user->password_hash; sets what the database chose.
 * ERROR_CONFLICT with problems when the name or the address is taken. */
int user_create(struct services *services, const struct actor *actor, struct problems *problems,
                struct user *user);

/* user_update: changes `fields` (FIELD_BITs, USER_PASSWORD standing for the hash) of the user with
 * that id to what `changes` has, and reads the result into `*ret_user`. A new password
 * and a disabling end the user's tokens; a new role holds for those that are out. ERROR_NOT_FOUND;
 * ERROR_CONFLICT with problems for a taken address or when no active administrator would be left.
 */
int user_update(struct services *services, const struct actor *actor, struct problems *problems,
                int64_t id, uint64_t fields, const struct user *changes, struct user *ret_user);

/* user_end_tokens: makes every token given out so far void. */
int user_end_tokens(struct services *services, struct arena *arena, const struct actor *actor,
                    int64_t id);

/* user_delete: removes the account with its tasks, and takes it off the tasks of others assigned to
 * it. ERROR_NOT_FOUND; ERROR_CONFLICT for the last active administrator. */
int user_delete(struct services *services, const struct actor *actor, struct problems *problems,
                int64_t id);

/* user_list: one page of users by id. */
int user_list(struct services *services, struct arena *arena, const struct user_query *query,
              struct user_page *ret_page);

/* user_count_admins: the active administrators. */
int user_count_admins(struct db_connection *connection, int64_t *ret_count);

/* user_list_admins: the first active administrators, at most USER_ADMINS_LIMIT, with their hashes;
 * their number. `*ret_any` tells whether there is any administrator at all, active or not. */
enum { USER_ADMINS_LIMIT = 32 };
int user_list_admins(struct services *services, struct arena *arena, struct user **ret_admins,
                     bool *ret_any);

#endif
