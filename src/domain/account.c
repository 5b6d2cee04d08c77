#include "domain/account.h"

#include "base/error.h"
#include "domain/password.h"
#include "domain/token.h"

static const struct field fields[] = {
    {.name = "username",
     .type = FIELD_TEXT,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct credentials, username),
     .maximum = 254,
     .description = "User name",
     .example = "\"johndoe\""},
    {.name = "password",
     .type = FIELD_TEXT,
     .flags = FIELD_REQUIRED | FIELD_WRITE_ONLY,
     .offset = offsetof(struct credentials, password),
     .maximum = 1024,
     .description = "Password",
     .example = "\"SecurePass123\""},
};

static const struct schema credentials_schema = {
    .name = "Credentials",
    .description = "What an account is signed in with",
    SCHEMA_FIELDS(fields),
    .size = sizeof(struct credentials),
};

const struct body credentials_body = {
    .name = "Credentials",
    .schema = &credentials_schema,
    .mode = DECODE_CREATE,
    .accepts_form = true,
};

int account_register(struct services *services, const struct actor *actor,
                     struct problems *problems, struct user *user)
{
    int error =
        password_hash(services->passwords, problems->arena, user->password, &user->password_hash);
    if (error < 0)
        return error;
    return user_create(services, actor, problems, user);
}

int account_sign_in(struct services *services, struct arena *arena,
                    const struct credentials *credentials, struct user *ret_user)
{
    struct user user = {0};
    int error = user_find_by_name(services, arena, credentials->username, &user);
    if (error < 0 && error != ERROR_NOT_FOUND)
        return error;
    /* For a user who does not exist the hash is null, and verifying it takes as long. */
    error = password_verify(services->passwords, credentials->password, user.password_hash);
    if (error < 0)
        return error;
    if (!user.is_active)
        return ERROR_UNAUTHORIZED;
    *ret_user = user;
    return 0;
}

int account_recognise(struct services *services, struct arena *arena, struct text token,
                      struct user *ret_user, int64_t *ret_expires_at)
{
    struct token_claims claims;
    if (token_verify(services->tokens, token, &claims) < 0)
        return ERROR_UNAUTHORIZED;
    struct user user;
    int error = user_find(services, arena, claims.user_id, &user);
    if (error < 0)
        return error == ERROR_NOT_FOUND ? ERROR_UNAUTHORIZED : error;
    if (!user.is_active || user.token_generation != claims.generation)
        return ERROR_UNAUTHORIZED;
    *ret_user = user;
    *ret_expires_at = claims.expires_at;
    return 0;
}
