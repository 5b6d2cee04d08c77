/*
 * head.h: the header fields of a request that the server reads. One more is a member of struct
 * request_headers and a row of the table in head.c.
 */
#ifndef ERRAND_HTTP_HEAD_H
#define ERRAND_HTTP_HEAD_H

#include <microhttpd.h>

#include "http/request.h"

/* head_read: sets request->headers, which libmicrohttpd keeps as long as the connection; returns
 * how many bytes all fields have. */
size_t head_read(struct request *request, struct MHD_Connection *mhd);

/* head_keep: copies them to the request's arena, for a request that may outlive the connection. */
void head_keep(struct request *request);

#endif
