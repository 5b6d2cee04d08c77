#include "http/cors.h"

#include "http/reply.h"

bool cors_is_allowed(struct text origins, struct text origin)
{
    struct text allowed;
    while (text_split(&origins, ',', &allowed)) {
        allowed = text_trim(allowed);
        if (text_is(allowed, "*") || (allowed.length > 0 && text_equal(allowed, origin)))
            return true;
    }
    return false;
}

void cors_add_headers(struct request *request, struct text origins)
{
    struct text origin = request->headers.origin;
    if (origins.length == 0)
        return;
    reply_header_constant(request, "Vary", "Origin");
    if (origin.length == 0 || !cors_is_allowed(origins, origin))
        return;
    reply_header(request, "Access-Control-Allow-Origin", "%.*s", TEXT_ARGUMENTS(origin));
    reply_header_constant(request, "Access-Control-Expose-Headers",
                          "ETag, Location, Retry-After, X-Cache, X-Request-ID, X-RateLimit-Limit, "
                          "X-RateLimit-Remaining, X-RateLimit-Reset");
}

void cors_add_preflight(struct request *request, struct text origins)
{
    if (request->headers.preflight_method.length == 0 || request->headers.origin.length == 0 ||
        !cors_is_allowed(origins, request->headers.origin))
        return;
    reply_header_constant(request, "Access-Control-Allow-Methods",
                          "GET, POST, PUT, PATCH, DELETE, OPTIONS");
    reply_header_constant(request, "Access-Control-Allow-Headers",
                          "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
                          "X-Request-ID");
    reply_header_constant(request, "Access-Control-Max-Age", "600");
}
