#include "http/credentials.h"

#include "base/error.h"

static int find_in_header(struct text authorization, struct text *ret_token)
{
    struct text rest = text_trim(authorization);
    struct text scheme;
    if (!text_split(&rest, ' ', &scheme) || rest.data == NULL ||
        !text_equal_ignoring_case(scheme, TEXT("Bearer")))
        return ERROR_UNAUTHORIZED;
    *ret_token = text_trim(rest);
    return 0;
}

bool credentials_in_subprotocol(const struct request *request, struct text *ret_token)
{
    struct text rest = request->headers.websocket_protocol;
    struct text scheme;
    struct text token;
    if (!text_split(&rest, ',', &scheme) || !text_is(text_trim(scheme), "bearer") ||
        !text_split(&rest, ',', &token))
        return false;
    *ret_token = text_trim(token);
    return true;
}

int credentials_find(struct request *request, struct text *ret_token)
{
    *ret_token = TEXT_NULL;
    if (request->headers.authorization.data != NULL)
        return find_in_header(request->headers.authorization, ret_token);
    if (request->match.route == NULL || !request->match.route->takes_token_anywhere ||
        credentials_in_subprotocol(request, ret_token))
        return 0;
    struct parameters parameters;
    if (parameters_parse(&parameters, &request->arena, request->query_string) == 0)
        *ret_token = parameters_find(&parameters, "token");
    return 0;
}
