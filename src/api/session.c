/*
 * session.c: the session of the web interface, a token in a cookie that scripts cannot read.
 *
 * What proves that a request comes from our own pages is in http/session_cookie.h. The token is one
 * as any other: what voids tokens (signing out everywhere, a new password, a disabled account) ends
 * the session too.
 */
#include "api/api.h"
#include "base/error.h"
#include "domain/account.h"
#include "domain/token.h"
#include "http/session_cookie.h"

struct web_session {
    int64_t expires_in;
    struct user user;
};

static const struct field fields[] = {
    {.name = "expires_in",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct web_session, expires_in),
     .description = "Seconds that the session lasts, unless it is read again"},
    {.name = "user",
     .type = FIELD_OBJECT,
     .offset = offsetof(struct web_session, user),
     .items = &user_schema},
};

static const struct schema web_session_schema = {
    .name = "WebSession",
    .description = "Who is signed in by the cookie",
    SCHEMA_FIELDS(fields),
};

int api_set_session_cookie(struct request *request, const struct user *user)
{
    struct tokens *tokens = services_of(request)->tokens;
    struct text token;
    int error = token_issue(tokens, &request->arena, user->id, user->token_generation, &token);
    if (error == 0)
        session_cookie_set(request, token, tokens_lifetime(tokens));
    return error;
}

static int reply_web_session(struct request *request, const struct user *user)
{
    const struct web_session session = {
        .expires_in = tokens_lifetime(services_of(request)->tokens),
        .user = *user,
    };
    return reply_json(request, 200, &web_session_schema, &session);
}

/* A page of somebody else shall not sign anybody in as somebody they are not. */
static int sign_in(struct request *request)
{
    if (!session_cookie_is_proven(request))
        return reply_error(request, 403,
                           "This needs the header X-Requested-With: errand, from the same origin");
    struct user user;
    int error = account_sign_in(services_of(request), &request->arena, request->value, &user);
    if (error == ERROR_UNAUTHORIZED)
        return reply_error(request, 401, "Incorrect username or password");
    if (error == 0)
        error = api_set_session_cookie(request, &user);
    return error < 0 ? error : reply_web_session(request, &user);
}

static int read_session(struct request *request)
{
    struct user user;
    if (request->identity.user_id == 0)
        return reply_empty(request, 204);
    int error = user_find(services_of(request), &request->arena, request->identity.user_id, &user);
    if (error == 0 && request->identity.by_cookie)
        error = api_set_session_cookie(request, &user);
    return error < 0 ? error : reply_web_session(request, &user);
}

static int sign_out(struct request *request)
{
    if (!session_cookie_is_proven(request))
        return reply_error(request, 403,
                           "This needs the header X-Requested-With: errand, from the same origin");
    session_cookie_clear(request);
    return reply_empty(request, 204);
}

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .path = "/session",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .limit = LIMIT_LOGIN,
        .never_kept = true,
        .may_forbid = true,
        .limit_key = api_login_name,
        .body = &credentials_body,
        .answers = {{200, "Signed in: the answer sets the session's cookie", &web_session_schema,
                     NULL}},
        .summary = "Sign in a browser",
        .tag = "auth",
        .handler = sign_in,
    },
    {
        .method = METHOD_GET,
        .path = "/session",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .answers = {{200, "Who is signed in; the session lasts from now on", &web_session_schema,
                     NULL},
                    {204, "Nobody is", NULL, NULL}},
        .summary = "Who is signed in by the cookie, and for longer",
        .tag = "auth",
        .handler = read_session,
    },
    {
        .method = METHOD_DELETE,
        .path = "/session",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .may_forbid = true,
        .answers = {{204, "The cookie is gone", NULL, NULL}},
        .summary = "Sign out this browser",
        .tag = "auth",
        .handler = sign_out,
    },
};

const struct route_table session_routes = ROUTE_TABLE(routes);
