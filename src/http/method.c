#include "http/method.h"

static const char *const names[METHOD_COUNT] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

const char *method_name(enum method method)
{
    return names[method];
}

enum method method_find(struct text name)
{
    if (text_is(name, "HEAD"))
        return METHOD_GET;
    enum method method = METHOD_GET;
    while (method < METHOD_COUNT && !text_is(name, names[method]))
        method++;
    return method;
}
