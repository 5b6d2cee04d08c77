#include "cache/redis_url.h"

#include "base/error.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes the percent signs out. ERROR_INVALID for a bad one, or a NUL. */
static int decode(struct arena *arena, struct text encoded, struct text *ret_text)
{
    char *decoded = arena_allocate(arena, encoded.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < encoded.length; i++) {
        char c = encoded.data[i];
        if (c == '%') {
            int high = i + 2 < encoded.length ? digit_of(encoded.data[i + 1]) : -1;
            int low = high < 0 ? -1 : digit_of(encoded.data[i + 2]);
            if (low < 0)
                return ERROR_INVALID;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0')
            return ERROR_INVALID;
        decoded[length++] = c;
    }
    decoded[length] = '\0';
    *ret_text = (struct text){decoded, length};
    return 0;
}

/* "USER:PASSWORD", where either may be empty. */
static int parse_user(struct redis_url *url, struct arena *arena, struct text user)
{
    struct text rest = user;
    struct text name;
    text_split(&rest, ':', &name);
    if (rest.data == NULL || rest.length == 0)
        return ERROR_INVALID; /* a name is of no use without its password */
    int error = decode(arena, rest, &url->password);
    if (error == 0 && name.length > 0)
        error = decode(arena, name, &url->user);
    return error;
}

static int parse_number(struct text digits, int64_t minimum, int64_t maximum, int64_t *ret_number)
{
    int64_t number;
    if (text_parse_integer(digits, &number) < 0 || number < minimum || number > maximum)
        return ERROR_INVALID;
    *ret_number = number;
    return 0;
}

/* "HOST", "HOST:PORT" or "[ADDRESS]:PORT". */
static int parse_host(struct redis_url *url, struct arena *arena, struct text place)
{
    struct text host = place;
    struct text port = TEXT_NULL;
    if (text_starts_with(place, TEXT("["))) {
        const char *end = memchr(place.data, ']', place.length);
        if (end == NULL)
            return ERROR_INVALID;
        host = (struct text){place.data + 1, (size_t)(end - place.data) - 1};
        port = (struct text){end + 1, place.length - host.length - 2};
        if (port.length > 0 && port.data[0] != ':')
            return ERROR_INVALID;
        port = port.length == 0 ? TEXT_NULL : (struct text){port.data + 1, port.length - 1};
    } else {
        port = place;
        text_split(&port, ':', &host);
    }
    if (host.length == 0)
        return ERROR_INVALID;
    url->host = arena_copy(arena, host);
    return port.data == NULL ? 0 : parse_number(port, 1, 65535, &url->port);
}

int redis_url_parse(struct redis_url *ret_url, struct arena *arena, struct text url)
{
    static const struct text scheme = {"redis://", 8};
    struct redis_url parsed = {.port = REDIS_PORT};
    if (!text_starts_with(url, scheme) || memchr(url.data, '?', url.length) != NULL)
        return ERROR_INVALID;
    struct text rest = {url.data + scheme.length, url.length - scheme.length};
    struct text place;
    /* A password may hold the sign that ends it, where its writer did not encode it. */
    const char *at = memrchr(rest.data, '@', rest.length);
    if (at != NULL) {
        struct text user = {rest.data, (size_t)(at - rest.data)};
        if (parse_user(&parsed, arena, user) < 0)
            return ERROR_INVALID;
        rest = (struct text){at + 1, rest.length - user.length - 1};
    }
    text_split(&rest, '/', &place);
    if (parse_host(&parsed, arena, place) < 0)
        return ERROR_INVALID;
    if (rest.length > 0 && parse_number(rest, 0, REDIS_DATABASE_LIMIT, &parsed.database) < 0)
        return ERROR_INVALID;
    *ret_url = parsed;
    return 0;
}
