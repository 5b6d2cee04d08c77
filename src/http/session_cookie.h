/*
 * session_cookie.h: the cookie that keeps a browser signed in.
 *
 * It holds a bearer token where scripts cannot read it (HttpOnly). A browser sends a cookie by
 * itself, also when a page of somebody else made it send the request; so the cookie counts only in
 * a request that could not have come from such a page:
 *
 *   every method      Sec-Fetch-Site, where the browser sends it, says same-origin (or none: typed
 * in by the user); where it does not, Origin, if there is one, names our Host POST, PUT, PATCH,
 * DELETE besides, the header X-Requested-With: errand, which a foreign page cannot send without a
 * preflight that we never grant; and Sec-Fetch-Site or Origin must be there a WebSocket besides, an
 * Origin must be there
 *
 * In any other request the cookie is as good as absent. SameSite=Strict is a second lock on the
 * same door. Behind TLS (X-Forwarded-Proto of a trusted proxy) the cookie is Secure and has the
 * prefix __Host-, so no other host can plant one. Loop thread.
 */
#ifndef ERRAND_HTTP_SESSION_COOKIE_H
#define ERRAND_HTTP_SESSION_COOKIE_H

#include "http/request.h"

/* session_cookie_is_proven: whether the request came from a page of this server, as above. */
bool session_cookie_is_proven(const struct request *request);

/* session_cookie_find: the token of the request's cookie. False when there is none that counts. */
bool session_cookie_find(const struct request *request, struct text *ret_token);

/* session_cookie_set: the answer gives the browser this token for so many seconds.
 * session_cookie_clear: the answer takes it away. */
void session_cookie_set(struct request *request, struct text token, int64_t seconds);
void session_cookie_clear(struct request *request);

#endif
