#include "http/head.h"

static const struct {
    struct text name;
    size_t offset; /* in struct request_headers */
} known_headers[] = {
#define KNOWN_HEADER(name, member)                                                                 \
    {                                                                                              \
        {name, sizeof name - 1}, offsetof(struct request_headers, member)                          \
    }
    KNOWN_HEADER("Authorization", authorization),
    KNOWN_HEADER("Content-Type", content_type),
    KNOWN_HEADER("Origin", origin),
    KNOWN_HEADER("X-Forwarded-For", forwarded_for),
    KNOWN_HEADER("X-Request-ID", request_id),
    KNOWN_HEADER("If-Match", if_match),
    KNOWN_HEADER("If-None-Match", if_none_match),
    KNOWN_HEADER("Accept", accept),
    KNOWN_HEADER("Accept-Encoding", accept_encoding),
    KNOWN_HEADER("Idempotency-Key", idempotency_key),
    KNOWN_HEADER("Range", range),
    KNOWN_HEADER("If-Range", if_range),
    KNOWN_HEADER("Expect", expect),
    KNOWN_HEADER("Access-Control-Request-Method", preflight_method),
    KNOWN_HEADER("Host", host),
    KNOWN_HEADER("Connection", connection),
    KNOWN_HEADER("Cookie", cookie),
    KNOWN_HEADER("Sec-Fetch-Site", fetch_site),
    KNOWN_HEADER("X-Requested-With", requested_with),
    KNOWN_HEADER("Upgrade", upgrade),
    KNOWN_HEADER("X-Forwarded-Proto", forwarded_scheme),
    KNOWN_HEADER("Sec-WebSocket-Key", websocket_key),
    KNOWN_HEADER("Sec-WebSocket-Version", websocket_version),
    KNOWN_HEADER("Sec-WebSocket-Protocol", websocket_protocol),
    KNOWN_HEADER("Last-Event-ID", last_event_id),
#undef KNOWN_HEADER
};

enum { KNOWN_COUNT = sizeof known_headers / sizeof known_headers[0] };

static struct text *header_at(struct request_headers *headers, size_t number)
{
    return (struct text *)((char *)headers + known_headers[number].offset);
}

struct head {
    struct request_headers *headers;
    size_t size;
};

static enum MHD_Result received_header(void *context, enum MHD_ValueKind kind, const char *key,
                                       size_t key_size, const char *value, size_t value_size)
{
    (void)kind;
    struct head *head = context;
    head->size += key_size + value_size + 4;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        struct text name = {key, key_size};
        if (known_headers[i].name.length != key_size ||
            !text_equal_ignoring_case(known_headers[i].name, name))
            continue;
        /* A value is never null, so a field without one is told from none. */
        *header_at(head->headers, i) = (struct text){value == NULL ? "" : value, value_size};
        break;
    }
    return MHD_YES;
}

size_t head_read(struct request *request, struct MHD_Connection *mhd)
{
    struct head head = {.headers = &request->headers};
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, received_header, &head);
    return head.size;
}

void head_keep(struct request *request)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        struct text *member = header_at(&request->headers, i);
        if (member->data != NULL)
            *member = arena_copy(&request->arena, *member);
    }
}
