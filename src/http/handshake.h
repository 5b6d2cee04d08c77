/*
 * handshake.h: the opening handshake of a WebSocket (RFC 6455, section 4.2).
 */
#ifndef ERRAND_HTTP_HANDSHAKE_H
#define ERRAND_HTTP_HANDSHAKE_H

#include "http/request.h"

/* handshake_check: whether the request is one that may go on; where it is not, it has been
 * answered: 426 when it is no handshake or one of another version, 400 without a good key, 403 when
 * it comes from a page of an origin that is neither the server's own nor among `origins`
 * (CORS_ORIGINS). */
bool handshake_check(struct request *request, struct text origins);

/* handshake_answer: adds the headers of the answer to a good one. */
void handshake_answer(struct request *request);

#endif
