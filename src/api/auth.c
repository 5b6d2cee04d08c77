/*
 * auth.c: registering, signing in, and one's own account.
 */
#include "api/api.h"
#include "base/error.h"
#include "domain/account.h"
#include "domain/fold.h"
#include "domain/password.h"
#include "domain/token.h"
#include "http/session_cookie.h"
#include "schema/encode.h"

struct session {
    struct text access_token;
    struct text token_type;
    int64_t expires_in;
    struct user user;
};

static const struct field session_fields[] = {
    {.name = "access_token",
     .type = FIELD_TEXT,
     .offset = offsetof(struct session, access_token),
     .description = "Goes into the header Authorization: Bearer TOKEN"},
    {.name = "token_type",
     .type = FIELD_TEXT,
     .offset = offsetof(struct session, token_type),
     .example = "\"bearer\""},
    {.name = "expires_in",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct session, expires_in),
     .description = "Seconds that the token is good for"},
    {.name = "user",
     .type = FIELD_OBJECT,
     .offset = offsetof(struct session, user),
     .items = &user_schema},
};

static const struct schema session_schema = {
    .name = "Session",
    .description = "A token and whose it is",
    SCHEMA_FIELDS(session_fields),
};

static int issue_token(struct request *request, const struct user *user, struct text *ret_token)
{
    return token_issue(services_of(request)->tokens, &request->arena, user->id,
                       user->token_generation, ret_token);
}

static int reply_session(struct request *request, int status, const struct user *user)
{
    struct session session = {
        .token_type = TEXT("bearer"),
        .expires_in = tokens_lifetime(services_of(request)->tokens),
        .user = *user,
    };
    int error = issue_token(request, user, &session.access_token);
    if (error < 0)
        return error;
    return reply_json(request, status, &session_schema, &session);
}

static int create_account(struct request *request)
{
    struct actor actor = actor_of(request);
    return account_register(services_of(request), &actor, &request->problems, request->value);
}

static int render_session(struct request *request, const void *argument)
{
    return reply_session(request, 201, argument);
}

static int register_session(struct request *request)
{
    reply_when_done(request, render_session, request->value);
    return create_account(request);
}

static int render_registered(struct request *request, const void *argument)
{
    return reply_json(request, 201, &user_schema, argument);
}

int api_register_user(struct request *request)
{
    reply_when_done(request, render_registered, request->value);
    return create_account(request);
}

struct text api_login_name(const struct request *request)
{
    const struct credentials *credentials = request->value;
    struct arena *arena = request->problems.arena;
    return text_fold(arena, credentials->username);
}

static int login(struct request *request)
{
    struct user user;
    int error = account_sign_in(services_of(request), &request->arena, request->value, &user);
    if (error == ERROR_UNAUTHORIZED)
        return reply_error(request, 401, "Incorrect username or password");
    if (error < 0)
        return error;
    return reply_session(request, 200, &user);
}

static int read_account(struct request *request)
{
    struct user user;
    int error = user_find(services_of(request), &request->arena, request->identity.user_id, &user);
    if (error < 0)
        return error;
    return reply_json(request, 200, &user_schema, &user);
}

/* A new password needs the current one, and gets a hash. */
static int prepare_password(struct request *request, struct user *changes)
{
    struct services *services = services_of(request);
    struct user user;
    int error = user_find(services, &request->arena, request->identity.user_id, &user);
    if (error < 0)
        return error;
    error = password_verify(services->passwords, changes->current_password, user.password_hash);
    if (error == ERROR_UNAUTHORIZED) {
        request->problems.location = LOCATION_BODY;
        problem_value(&request->problems, "current_password", "This is not the current password");
        return ERROR_INVALID;
    }
    if (error < 0)
        return error;
    return password_hash(services->passwords, &request->arena, changes->password,
                         &changes->password_hash);
}

static int render_account(struct request *request, const void *argument)
{
    return reply_json(request, 200, &user_schema, argument);
}

/* The account and, since a new password has ended all tokens, a fresh one: a browser gets it in its
 * cookie. */
static int render_account_with_token(struct request *request, const void *argument)
{
    const struct user *user = argument;
    if (request->identity.by_cookie) {
        int failed = api_set_session_cookie(request, user);
        return failed < 0 ? failed : render_account(request, user);
    }
    struct text token;
    int error = issue_token(request, user, &token);
    if (error < 0)
        return error;
    struct buffer buffer;
    struct json json;
    reply_begin(request, &buffer, &json);
    json_begin_object(&json);
    encode_members(&user_schema, user, &json);
    json_key(&json, "access_token");
    json_put_text(&json, token);
    json_end_object(&json);
    return reply_end(request, 200, &buffer);
}

static int update_account(struct request *request)
{
    struct user *changes = request->value;
    bool new_password = (request->value_given & FIELD_BIT(USER_PASSWORD)) != 0;
    int error = new_password ? prepare_password(request, changes) : 0;
    if (error < 0)
        return error;
    struct actor actor = actor_of(request);
    struct user *user = arena_allocate(&request->arena, sizeof *user);
    reply_when_done(request, new_password ? render_account_with_token : render_account, user);
    return user_update(services_of(request), &actor, &request->problems, actor.user_id,
                       request->value_given, changes, user);
}

static int render_logout(struct request *request, const void *argument)
{
    (void)argument;
    if (request->identity.by_cookie)
        session_cookie_clear(request);
    return reply_empty(request, 204);
}

static int logout(struct request *request)
{
    struct actor actor = actor_of(request);
    reply_when_done(request, render_logout, NULL);
    return user_end_tokens(services_of(request), &request->arena, &actor, actor.user_id);
}

enum { BOTH = SURFACE_BIT(SURFACE_V1) | SURFACE_BIT(SURFACE_CLASSIC) };

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .path = "/auth/register",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .limit = LIMIT_REGISTER,
        .may_conflict = true,
        .body = &registration_body,
        .answers = {{201, "The account and a token for it", &session_schema, NULL}},
        .summary = "Register an account",
        .tag = "auth",
        .handler = register_session,
    },
    {
        .method = METHOD_POST,
        .path = "/auth/register",
        .surfaces = SURFACE_BIT(SURFACE_CLASSIC),
        .limit = LIMIT_REGISTER,
        .may_conflict = true,
        .body = &registration_body,
        .answers = {{201, "The account", &user_schema, NULL}},
        .summary = "Register an account",
        .tag = "auth",
        .handler = api_register_user,
    },
    {
        .method = METHOD_POST,
        .path = "/auth/login",
        .surfaces = BOTH,
        .limit = LIMIT_LOGIN,
        .never_kept = true,
        .limit_key = api_login_name,
        .body = &credentials_body,
        .answers = {{200, "A token", &session_schema, NULL}},
        .summary = "Sign in with JSON or an OAuth2 password form",
        .tag = "auth",
        .handler = login,
    },
    {
        .method = METHOD_GET,
        .path = "/auth/me",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .answers = {{200, "The account", &user_schema, NULL}},
        .summary = "Read one's own account",
        .tag = "auth",
        .handler = read_account,
    },
    {
        .method = METHOD_PATCH,
        .path = "/auth/me",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .may_conflict = true,
        .body = &account_update_body,
        .answers = {{200,
                     "The account; after a new password, which ends all tokens, with a fresh "
                     "access_token",
                     &user_schema, NULL}},
        .summary = "Change one's own account",
        .tag = "auth",
        .handler = update_account,
    },
    {
        .method = METHOD_POST,
        .path = "/auth/logout",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .answers = {{204, "Every token of the user is void", NULL, NULL}},
        .summary = "Sign out everywhere",
        .tag = "auth",
        .handler = logout,
    },
};

const struct route_table auth_routes = ROUTE_TABLE(routes);
