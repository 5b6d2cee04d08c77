/*
 * multipart.h: a multipart/form-data body (RFC 7578), part by part, while it arrives.
 *
 *   struct multipart form;
 *   struct multipart_part part;
 *   int error = multipart_begin_request(&form, request);   // ERROR_INVALID: no such body
 *   while ((error = multipart_next(&form, &part)) > 0) {
 *       if (!text_is(part.name, "file"))
 *           continue;                                      // what is not read is skipped
 *       while ((count = multipart_read(&form, bytes, sizeof bytes)) > 0)
 *           ...
 *   }
 *
 * The handler's route streams. Nothing but a piece of MULTIPART_BUFFER bytes is in
 * memory. An error of the source (http/body_stream.h) is returned as it is; a body that breaks the
 * format, has more than MULTIPART_PARTS parts or part headers above MULTIPART_HEADERS bytes is
 * ERROR_INVALID. The structure is large: it lives in an arena or a static, not on a fiber's stack.
 */
#ifndef ERRAND_HTTP_MULTIPART_H
#define ERRAND_HTTP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct body_digest;
struct request;

enum {
    MULTIPART_BUFFER = 32 * 1024,
    MULTIPART_HEADERS = 8 * 1024,
    MULTIPART_PARTS = 100,
    MULTIPART_BOUNDARY = 70, /* characters, RFC 2046 */
};

/* multipart_source: up to `size` bytes of the body: their count, 0 at its end, or an error. */
typedef int multipart_source(void *context, void *buffer, size_t size);

struct multipart {
    multipart_source *source;
    void *context;
    struct arena *arena;                    /* the texts of the parts live there */
    struct body_digest *digest;             /* NULL when nobody asks */
    char delimiter[MULTIPART_BOUNDARY + 5]; /* CR LF - - boundary */
    size_t delimiter_length;
    size_t start; /* of what is in the buffer and not yet taken */
    size_t end;
    size_t parts;
    bool in_part;
    bool finished;
    char buffer[MULTIPART_BUFFER];
};

struct multipart_part {
    struct text name;         /* of the field */
    struct text filename;     /* the null text when the part is no file */
    struct text content_type; /* as sent; the null text when absent */
};

/* multipart_begin: the body whose Content-Type is given, from `source`. ERROR_INVALID when that is
 * not multipart/form-data with a boundary. */
int multipart_begin(struct multipart *multipart, struct arena *arena, struct text content_type,
                    multipart_source *source, void *context);

/* multipart_begin_request: the body of a request whose route streams; request->digest becomes that
 * of its parts. */
int multipart_begin_request(struct multipart *multipart, struct request *request);

/* multipart_next: the next part, past what is left of the current one. 1, 0 after the last part
 * (then the body has been read to its end), or an error. */
int multipart_next(struct multipart *multipart, struct multipart_part *ret_part);

/* multipart_read: up to `size` of the next bytes of the part. Their count, 0 at its end, or an
 * error. */
int multipart_read(struct multipart *multipart, void *buffer, size_t size);

#endif
