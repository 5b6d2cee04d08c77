/*
 * reply.h: the answer to a request.
 *
 * A reply function sets the whole answer and returns 0, so that a handler ends with
 * `return reply_json(...)`. Extra headers may be added before or after. Loop thread.
 */
#ifndef ERRAND_HTTP_REPLY_H
#define ERRAND_HTTP_REPLY_H

#include "http/request.h"

enum { REPLY_LIMIT = 64 << 20 }; /* bytes of an answer made in memory */

/* reply_json: `structure` by its schema. */
int reply_json(struct request *request, int status, const struct schema *schema,
               const void *structure);

/* reply_begin, reply_end: an answer written by hand. The writer's bytes live in the request. */
void reply_begin(struct request *request, struct buffer *buffer, struct json *json);
int reply_end(struct request *request, int status, struct buffer *buffer);

/* reply_text: `body`, which must live as long as the request. */
int reply_text(struct request *request, int status, const char *content_type, struct text body);

/* reply_stream: a body of any size that `produce` makes part by part while it is sent. `argument`
 * must live as long as the request. */
int reply_stream(struct request *request, int status, const char *content_type,
                 reply_producer *produce, void *argument);

/* reply_websocket, reply_push: the connection becomes a channel (http/channel.h), which `opened`
 * gets once it is there; it is called at most once, before the request's arena is released. The
 * first answers a handshake that handshake_check let pass; the second begins an answer of that type
 * which has no end. */
int reply_websocket(struct request *request, channel_opened *opened, void *argument);
int reply_push(struct request *request, const char *content_type, channel_opened *opened,
               void *argument);

/* reply_file: `length` bytes of a file from `offset`, sent as the client takes them. The descriptor
 * is the reply's from now on. */
int reply_file(struct request *request, int status, const char *content_type, int descriptor,
               uint64_t offset, uint64_t length);

/* reply_empty: no body. */
int reply_empty(struct request *request, int status);

/* reply_when_done: the answer will be render(request, argument), which is one of the functions here
 * or ends in one. It is made when the handler has returned 0, or, for a request whose answer must
 * be committed with its change, inside the transaction, by the thread that writes. */
int reply_when_done(struct request *request,
                    int (*render)(struct request *request, const void *argument),
                    const void *argument);

/* reply_header: adds a header; `value` is formatted as printf does. */
void reply_header(struct request *request, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* reply_header_constant: the same for a value that lives as long as the program. */
void reply_header_constant(struct request *request, const char *name, const char *value);

/* reply_header_default: the same, unless the answer has this header already. */
void reply_header_default(struct request *request, const char *name, const char *value);

/* reply_error: an error in the words of the request's surface. */
int reply_error(struct request *request, int status, const char *message);

/* reply_problems: what is in request->problems, with the status for invalid input. */
int reply_problems(struct request *request);

/* reply_failure: the answer to a negative error that a handler returned. Logs those that are not
 * the client's doing. */
int reply_failure(struct request *request, int error);

/* reply_failure_with: the same with a further member of the error, as JSON. */
int reply_failure_with(struct request *request, int error, const char *extra_name,
                       struct text extra);

#endif
