/*
 * body_digest.h: whether two streamed bodies are the same, without keeping either.
 *
 * The SHA-256 of what a body says: of a form the names, file names and contents of its parts, not
 * the delimiter, which a client makes anew each time it sends; of any other body its bytes. Whoever
 * wants it sets request->digest before the handler reads (http/body_stream.h); a handler that reads
 * a form hands it to http/multipart.h.
 */
#ifndef ERRAND_HTTP_BODY_DIGEST_H
#define ERRAND_HTTP_BODY_DIGEST_H

#include <stdbool.h>

#include "base/arena.h"

struct evp_md_ctx_st;

struct body_digest {
    struct evp_md_ctx_st *whole;
    struct evp_md_ctx_st *content; /* of the part, or of the body when it is no form */
    bool finished;
    char text[65]; /* hexadecimal digits, once finished */
};

/* body_digest_init: of nothing yet. Goes with the arena. */
void body_digest_init(struct body_digest *digest, struct arena *arena);

/* body_digest_part: a part of a form begins. The null text: it is no file. */
void body_digest_part(struct body_digest *digest, struct text name, struct text filename);

/* body_digest_add: the next bytes of the part, or of the body. */
void body_digest_add(struct body_digest *digest, const void *data, size_t size);

/* body_digest_finish: the body has been read to its end. Once. */
void body_digest_finish(struct body_digest *digest);

#endif
