#include "http/handshake.h"

#include <openssl/evp.h>

#include "http/cors.h"
#include "http/credentials.h"
#include "http/reply.h"

enum { KEY_LENGTH = 24 }; /* 16 bytes in base64 */

/* Whether `list`, separated by commas, has `word`. */
static bool has_word(struct text list, struct text word)
{
    struct text item;
    while (text_split(&list, ',', &item)) {
        if (text_equal_ignoring_case(text_trim(item), word))
            return true;
    }
    return false;
}

static bool is_asked(const struct request *request)
{
    return text_is(request->method_name, "GET") && !request->is_http_1_0 &&
           has_word(request->headers.upgrade, TEXT("websocket")) &&
           has_word(request->headers.connection, TEXT("upgrade"));
}

static bool is_key(struct text key)
{
    if (key.length != KEY_LENGTH || key.data[22] != '=' || key.data[23] != '=')
        return false;
    for (size_t i = 0; i < KEY_LENGTH - 2; i++) {
        char c = key.data[i];
        bool base64 = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '+' || c == '/';
        if (!base64)
            return false;
    }
    return true;
}

/* A page of this server says so by its host, behind whatever proxy. */
static bool is_own_origin(const struct request *request)
{
    struct text origin = request->headers.origin;
    size_t scheme = text_starts_with(origin, TEXT("http://"))    ? strlen("http://")
                    : text_starts_with(origin, TEXT("https://")) ? strlen("https://")
                                                                 : 0;
    struct text host = {origin.data + scheme, origin.length - scheme};
    return scheme > 0 && text_equal_ignoring_case(host, text_trim(request->headers.host));
}

static bool refuse(struct request *request, int status, const char *message)
{
    if (status == 426) {
        reply_header_constant(request, "Upgrade", "websocket");
        reply_header_constant(request, "Sec-WebSocket-Version", "13");
    }
    reply_error(request, status, message);
    return false;
}

bool handshake_check(struct request *request, struct text origins)
{
    const struct request_headers *headers = &request->headers;
    if (!is_asked(request))
        return refuse(request, 426, "This is a WebSocket: ask for an upgrade");
    if (!text_is(text_trim(headers->websocket_version), "13"))
        return refuse(request, 426, "The version of the WebSocket protocol must be 13");
    if (!is_key(text_trim(headers->websocket_key)))
        return refuse(request, 400, "Sec-WebSocket-Key must be 16 bytes in base64");
    if (headers->origin.data != NULL && !is_own_origin(request) &&
        !cors_is_allowed(origins, headers->origin))
        return refuse(request, 403, "Pages of this origin may not connect: see CORS_ORIGINS");
    return true;
}

void handshake_answer(struct request *request)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    struct text key = text_trim(request->headers.websocket_key);
    struct text input = arena_format(&request->arena, "%.*s%s", TEXT_ARGUMENTS(key), guid);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_Digest(input.data, input.length, digest, &length, EVP_sha1(), NULL);
    char accept[EVP_MAX_MD_SIZE * 2];
    EVP_EncodeBlock((unsigned char *)accept, digest, (int)length);
    reply_header_constant(request, "Upgrade", "websocket");
    reply_header(request, "Sec-WebSocket-Accept", "%s", accept);
    struct text token;
    if (credentials_in_subprotocol(request, &token))
        reply_header_constant(request, "Sec-WebSocket-Protocol", "bearer");
}
