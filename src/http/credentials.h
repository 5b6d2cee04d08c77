/*
 * credentials.h: where a request carries its bearer token.
 *
 * In `Authorization: Bearer TOKEN`. On a route that browsers open without being able to set that
 * header (route.takes_token_anywhere), also in the query (`?token=TOKEN`) or, for a WebSocket, as
 * the second of the subprotocols `bearer, TOKEN`.
 */
#ifndef ERRAND_HTTP_CREDENTIALS_H
#define ERRAND_HTTP_CREDENTIALS_H

#include "http/request.h"

/* credentials_find: 0 with the token, or with the null text when none was sent; ERROR_UNAUTHORIZED
 * for something that is no token. */
int credentials_find(struct request *request, struct text *ret_token);

/* credentials_in_subprotocol: whether the subprotocols that the client asks for are `bearer` and a
 * token; the null text for `ret_token` is fine. */
bool credentials_in_subprotocol(const struct request *request, struct text *ret_token);

#endif
