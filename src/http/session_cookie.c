#include "http/session_cookie.h"

#include "http/reply.h"

static const char plain_name[] = "errand_session";
static const char secure_name[] = "__Host-errand_session";

static const char *cookie_name(const struct request *request)
{
    return request->is_secure ? secure_name : plain_name;
}

static bool is_safe(struct text method)
{
    return text_is(method, "GET") || text_is(method, "HEAD") || text_is(method, "OPTIONS");
}

/* "https://tasks.example.org:8443" and the Host "tasks.example.org:8443" */
static bool is_our_origin(const struct request *request)
{
    struct text origin = request->headers.origin;
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct text scheme = text_from(schemes[i]);
        if (!text_starts_with(origin, scheme))
            continue;
        struct text host = {origin.data + scheme.length, origin.length - scheme.length};
        return text_equal_ignoring_case(host, request->headers.host);
    }
    return false;
}

bool session_cookie_is_proven(const struct request *request)
{
    const struct request_headers *headers = &request->headers;
    bool safe = is_safe(request->method_name);
    if (headers->upgrade.data != NULL && headers->origin.data == NULL)
        return false;
    if (!safe && !text_is(headers->requested_with, "errand"))
        return false;
    if (headers->fetch_site.data != NULL)
        return text_is(headers->fetch_site, "same-origin") ||
               (safe && text_is(headers->fetch_site, "none"));
    if (headers->origin.data != NULL)
        return is_our_origin(request);
    return safe;
}

bool session_cookie_find(const struct request *request, struct text *ret_token)
{
    struct text rest = request->headers.cookie;
    struct text wanted = text_from(cookie_name(request));
    struct text pair;
    if (rest.data == NULL || !session_cookie_is_proven(request))
        return false;
    while (text_split(&rest, ';', &pair)) {
        struct text name;
        text_split(&pair, '=', &name);
        if (pair.data == NULL || !text_equal(text_trim(name), wanted))
            continue;
        *ret_token = text_trim(pair);
        return true;
    }
    return false;
}

void session_cookie_set(struct request *request, struct text token, int64_t seconds)
{
    reply_header(request, "Set-Cookie", "%s=%.*s; Path=/; Max-Age=%jd; HttpOnly; SameSite=Strict%s",
                 cookie_name(request), TEXT_ARGUMENTS(token), (intmax_t)seconds,
                 request->is_secure ? "; Secure" : "");
}

void session_cookie_clear(struct request *request)
{
    session_cookie_set(request, TEXT(""), 0);
}
