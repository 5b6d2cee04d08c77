/*
 * method.h: the request methods that routes may have.
 */
#ifndef ERRAND_HTTP_METHOD_H
#define ERRAND_HTTP_METHOD_H

#include "base/text.h"

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_COUNT };

/* method_name: "GET". */
const char *method_name(enum method method);

/* method_find: the method of that name (HEAD is served as GET); METHOD_COUNT for any other. */
enum method method_find(struct text name);

#endif
