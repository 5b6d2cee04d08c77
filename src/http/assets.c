#include "http/assets.h"

#include <zlib.h>

#include "base/embed.h"
#include "base/error.h"
#include "http/entity_tag.h"
#include "http/reply.h"

EMBEDDED_FILES(embedded_web);

static const struct {
    const char *ending;
    const char *content_type;
} content_types[] = {
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

/* The ways in which a file is there, the shortest first. */
static const struct encoding {
    const char *name;
    const char *ending;
} encodings[] = {{"br", ".br"}, {"gzip", ".gz"}};
enum { ENCODING_COUNT = sizeof encodings / sizeof encodings[0], GZIP = 1 };

static bool ends_with(struct text text, struct text end)
{
    return text.length >= end.length &&
           text_equal((struct text){text.data + text.length - end.length, end.length}, end);
}

static const struct embedded_file *find(struct text name, const char *ending)
{
    for (const struct embedded_file *file = embedded_web; file->name != NULL; file++) {
        struct text stored = text_from(file->name);
        if (stored.length == name.length + strlen(ending) && text_starts_with(stored, name) &&
            ends_with(stored, text_from(ending)))
            return file;
    }
    return NULL;
}

/* "gzip;q=0" takes no gzip; any other weight takes it (RFC 9110, section 12.5.3). */
static bool takes(struct text accept_encoding, const char *encoding)
{
    struct text item;
    while (text_split(&accept_encoding, ',', &item)) {
        struct text coding;
        text_split(&item, ';', &coding);
        coding = text_trim(coding);
        if (!text_equal_ignoring_case(coding, text_from(encoding)) && !text_is(coding, "*"))
            continue;
        struct text weight = text_trim(item);
        if (!text_starts_with(weight, TEXT("q=")))
            return true;
        for (size_t i = 2; i < weight.length; i++) {
            if (weight.data[i] >= '1' && weight.data[i] <= '9')
                return true;
        }
        return false;
    }
    return false;
}

/* The hash in "app-3f9a0c21b7d4.js". */
static struct text hash_of(struct text name)
{
    struct text rest = name;
    struct text piece = name;
    while (text_split(&rest, '-', &piece))
        continue;
    return text_before(piece, '.');
}

/* gzip ends with the length of what it holds. */
static int unpack(struct arena *arena, const struct embedded_file *file, struct text *ret_content)
{
    const unsigned char *end = file->data + file->size;
    size_t size =
        (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
    unsigned char *content = arena_allocate(arena, size + 1);
    z_stream stream = {.next_in = (unsigned char *)file->data,
                       .avail_in = (uInt)file->size,
                       .next_out = content,
                       .avail_out = (uInt)size};
    if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK)
        return ERROR_INTERNAL;
    int result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if (result != Z_STREAM_END)
        return ERROR_INTERNAL;
    *ret_content = (struct text){(const char *)content, size};
    return 0;
}

static const char *content_type_of(struct text name)
{
    for (size_t i = 0; i < sizeof content_types / sizeof content_types[0]; i++) {
        if (ends_with(name, text_from(content_types[i].ending)))
            return content_types[i].content_type;
    }
    return "application/octet-stream";
}

static int reply_encoded(struct request *request, struct text name)
{
    const struct embedded_file *file = NULL;
    const struct encoding *encoding = NULL;
    for (size_t i = 0; i < ENCODING_COUNT && file == NULL; i++) {
        encoding = &encodings[i];
        if (takes(request->headers.accept_encoding, encoding->name))
            file = find(name, encoding->ending);
    }
    bool plain = file == NULL;
    if (plain)
        file = find(name, encodings[GZIP].ending);
    if (file == NULL)
        return ERROR_NOT_FOUND;
    struct text tag = arena_format(&request->arena, "\"%.*s-%s\"", TEXT_ARGUMENTS(hash_of(name)),
                                   plain ? "plain" : encoding->name);
    reply_header_constant(request, "ETag", tag.data);
    reply_header_constant(request, "Vary", "Accept-Encoding");
    if (entity_tag_listed(request->headers.if_none_match, tag))
        return reply_empty(request, 304);
    struct text content = {(const char *)file->data, file->size};
    if (plain) {
        int error = unpack(&request->arena, file, &content);
        if (error < 0)
            return error;
    } else {
        reply_header_constant(request, "Content-Encoding", encoding->name);
    }
    return reply_text(request, 200, content_type_of(name), content);
}

int assets_reply(struct request *request, struct text name)
{
    if (ends_with(name, TEXT(".html")) || find(name, encodings[GZIP].ending) == NULL)
        return ERROR_NOT_FOUND;
    reply_header_constant(request, "Cache-Control", "public, max-age=31536000, immutable");
    reply_header_constant(request, "Cross-Origin-Resource-Policy", "same-origin");
    return reply_encoded(request, name);
}

/* "index-77ab3d90c41f.html" for "index"; the null text when there is none. */
static struct text page_name(const char *page)
{
    struct text title = text_from(page);
    for (const struct embedded_file *file = embedded_web; file->name != NULL; file++) {
        struct text stored = text_from(file->name);
        if (!text_starts_with(stored, title) || stored.data[title.length] != '-' ||
            !ends_with(stored, TEXT(".html.gz")))
            continue;
        return (struct text){stored.data, stored.length - strlen(encodings[GZIP].ending)};
    }
    return TEXT_NULL;
}

int assets_reply_page(struct request *request, const char *page, const char *policy)
{
    reply_header_constant(request, "Cache-Control", "no-cache");
    reply_header_constant(request, "Content-Security-Policy", policy);
    reply_header_constant(request, "Cross-Origin-Opener-Policy", "same-origin");
    return reply_encoded(request, page_name(page));
}
