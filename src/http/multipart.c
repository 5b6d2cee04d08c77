#include "http/multipart.h"

#include "base/buffer.h"
#include "base/error.h"
#include "http/body_digest.h"
#include "http/body_stream.h"
#include "http/request.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Header values: `form-data; name="a"; filename*=UTF-8''b`. */

/* Takes a quoted string, whose opening quote is gone. Browsers send a quote as %22 and line ends as
 * %0D %0A, other clients with a backslash; a backslash before anything else stands for itself. */
static int take_quoted(struct text *rest, struct arena *arena, struct text *ret_value)
{
    struct buffer value;
    buffer_init(&value, arena, MULTIPART_HEADERS);
    size_t i = 0;
    while (i < rest->length && rest->data[i] != '"') {
        char next = i + 1 < rest->length ? rest->data[i + 1] : '\0';
        struct text tail = {rest->data + i, rest->length - i};
        if (rest->data[i] == '\\' && (next == '"' || next == '\\')) {
            buffer_add_char(&value, next);
            i += 2;
        } else if (text_starts_with(tail, TEXT("%22"))) {
            buffer_add_char(&value, '"');
            i += 3;
        } else {
            buffer_add_char(&value, rest->data[i++]);
        }
    }
    if (i == rest->length)
        return ERROR_INVALID;
    *rest = (struct text){rest->data + i + 1, rest->length - i - 1};
    *ret_value = value.data == NULL ? TEXT("") : buffer_text(&value);
    return 0;
}

/* Takes the next `; name=value`. 1, 0 when there is none, or ERROR_INVALID. */
static int take_parameter(struct text *rest, struct arena *arena, struct text *ret_name,
                          struct text *ret_value)
{
    *rest = text_trim(*rest);
    if (rest->length == 0)
        return 0;
    if (rest->data[0] != ';')
        return ERROR_INVALID;
    *rest = text_trim((struct text){rest->data + 1, rest->length - 1});
    if (rest->length == 0)
        return 0;
    const char *equals = memchr(rest->data, '=', rest->length);
    if (equals == NULL)
        return ERROR_INVALID;
    *ret_name = text_trim((struct text){rest->data, (size_t)(equals - rest->data)});
    *rest = text_trim((struct text){equals + 1, rest->length - (size_t)(equals - rest->data) - 1});
    if (rest->length > 0 && rest->data[0] == '"') {
        *rest = (struct text){rest->data + 1, rest->length - 1};
        return take_quoted(rest, arena, ret_value) < 0 ? ERROR_INVALID : 1;
    }
    size_t length = 0;
    while (length < rest->length && rest->data[length] != ';')
        length++;
    *ret_value = text_trim((struct text){rest->data, length});
    *rest = (struct text){rest->data + length, rest->length - length};
    return 1;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* UTF-8''na%C3%AFve (RFC 5987); the null text when it is anything else. */
static struct text decode_extended(struct text value, struct arena *arena)
{
    struct text charset, language;
    if (!text_split(&value, '\'', &charset) || !text_split(&value, '\'', &language) ||
        value.data == NULL || !text_equal_ignoring_case(charset, TEXT("UTF-8")))
        return TEXT_NULL;
    char *bytes = arena_allocate(arena, value.length + 1);
    size_t count = 0;
    for (size_t i = 0; i < value.length; i++) {
        bytes[count++] = value.data[i];
        if (value.data[i] != '%')
            continue;
        int high = i + 2 < value.length ? hex_digit(value.data[i + 1]) : -1;
        int low = i + 2 < value.length ? hex_digit(value.data[i + 2]) : -1;
        if (high < 0 || low < 0)
            return TEXT_NULL;
        bytes[count - 1] = (char)(high << 4 | low);
        i += 2;
    }
    return (struct text){bytes, count};
}

static int decode_disposition(struct text value, struct arena *arena, struct multipart_part *part)
{
    struct text rest = value;
    size_t length = 0;
    while (length < rest.length && rest.data[length] != ';')
        length++;
    struct text kind = text_trim((struct text){rest.data, length});
    if (!text_equal_ignoring_case(kind, TEXT("form-data")))
        return ERROR_INVALID;
    rest = (struct text){rest.data + length, rest.length - length};
    struct text extended = TEXT_NULL;
    struct text name, parameter;
    int taken;
    while ((taken = take_parameter(&rest, arena, &name, &parameter)) > 0) {
        if (text_equal_ignoring_case(name, TEXT("name")))
            part->name = parameter;
        else if (text_equal_ignoring_case(name, TEXT("filename")))
            part->filename = parameter;
        else if (text_equal_ignoring_case(name, TEXT("filename*")))
            extended = decode_extended(parameter, arena);
    }
    if (taken < 0 || part->name.data == NULL)
        return ERROR_INVALID;
    if (extended.data != NULL)
        part->filename = extended;
    return 0;
}

/* The lines between a delimiter and the empty line. */
static int decode_headers(struct text headers, struct arena *arena, struct multipart_part *part)
{
    struct text line;
    while (text_split(&headers, '\n', &line)) {
        line = text_trim(line);
        if (line.length == 0)
            continue;
        struct text name;
        text_split(&line, ':', &name);
        if (line.data == NULL)
            return ERROR_INVALID;
        if (text_equal_ignoring_case(name, TEXT("Content-Type")))
            part->content_type = text_trim(line);
        if (text_equal_ignoring_case(name, TEXT("Content-Disposition")) &&
            decode_disposition(text_trim(line), arena, part) < 0)
            return ERROR_INVALID;
    }
    return part->name.data == NULL ? ERROR_INVALID : 0;
}

/* The buffer. */

/* Adds to what is in the buffer: more than 0, or an error; a body that ends here is cut off. */
static int fill(struct multipart *multipart)
{
    memmove(multipart->buffer, multipart->buffer + multipart->start,
            multipart->end - multipart->start);
    multipart->end -= multipart->start;
    multipart->start = 0;
    int count = multipart->source(multipart->context, multipart->buffer + multipart->end,
                                  sizeof multipart->buffer - multipart->end);
    if (count == 0)
        return ERROR_INVALID;
    if (count > 0)
        multipart->end += (size_t)count;
    return count;
}

static struct text held(const struct multipart *multipart)
{
    return (struct text){multipart->buffer + multipart->start, multipart->end - multipart->start};
}

/* How many bytes there are before the delimiter, or surely before it; sets `*ret_found` when the
 * delimiter follows them. */
static size_t count_before_delimiter(const struct multipart *multipart, bool *ret_found)
{
    struct text text = held(multipart);
    const char *place =
        memmem(text.data, text.length, multipart->delimiter, multipart->delimiter_length);
    *ret_found = place != NULL;
    if (place != NULL)
        return (size_t)(place - text.data);
    /* Its beginning may be at the end of what is held. */
    size_t possible = multipart->delimiter_length - 1;
    return text.length > possible ? text.length - possible : 0;
}

/* Passes over the next bytes of the current part. */
static void pass(struct multipart *multipart, size_t count)
{
    if (multipart->digest != NULL && multipart->parts > 0)
        body_digest_add(multipart->digest, multipart->buffer + multipart->start, count);
    multipart->start += count;
}

static int skip_part(struct multipart *multipart)
{
    for (;;) {
        bool found;
        pass(multipart, count_before_delimiter(multipart, &found));
        if (found)
            return 0;
        int error = fill(multipart);
        if (error < 0)
            return error;
    }
}

static int finish(struct multipart *multipart)
{
    multipart->finished = true;
    int count;
    do {
        multipart->start = 0;
        multipart->end = 0;
        count = multipart->source(multipart->context, multipart->buffer, sizeof multipart->buffer);
    } while (count > 0);
    if (count == 0 && multipart->digest != NULL)
        body_digest_finish(multipart->digest);
    return count;
}

/* Past the delimiter: 1 when a part follows, 0 when that was the last, or an error. */
static int pass_delimiter(struct multipart *multipart)
{
    multipart->start += multipart->delimiter_length;
    for (;;) {
        struct text text = held(multipart);
        if (text_starts_with(text, TEXT("--")))
            return 0;
        size_t padding = 0;
        while (padding < text.length && is_space(text.data[padding]))
            padding++;
        if (text.length - padding >= 2) {
            multipart->start += padding;
            return memcmp(text.data + padding, "\r\n", 2) == 0 ? 1 : ERROR_INVALID;
        }
        if (padding > MULTIPART_BOUNDARY)
            return ERROR_INVALID;
        int error = fill(multipart);
        if (error < 0)
            return error;
    }
}

static int take_headers(struct multipart *multipart, struct multipart_part *ret_part)
{
    struct multipart_part part = {0};
    for (;;) {
        struct text text = held(multipart);
        const char *end = memmem(text.data, text.length, "\r\n\r\n", 4);
        if (end != NULL) {
            struct text headers = {text.data, (size_t)(end - text.data)};
            multipart->start += headers.length + 4;
            headers = arena_copy(multipart->arena, headers);
            if (decode_headers(headers, multipart->arena, &part) < 0)
                return ERROR_INVALID;
            *ret_part = part;
            return 1;
        }
        if (text.length > MULTIPART_HEADERS)
            return ERROR_INVALID;
        int error = fill(multipart);
        if (error < 0)
            return error;
    }
}

int multipart_begin(struct multipart *multipart, struct arena *arena, struct text content_type,
                    multipart_source *source, void *context)
{
    size_t length = 0;
    while (length < content_type.length && content_type.data[length] != ';')
        length++;
    struct text kind = text_trim((struct text){content_type.data, length});
    if (!text_equal_ignoring_case(kind, TEXT("multipart/form-data")))
        return ERROR_INVALID;
    struct text rest = {content_type.data + length, content_type.length - length};
    struct text name, parameter;
    struct text boundary = TEXT_NULL;
    int taken;
    while ((taken = take_parameter(&rest, arena, &name, &parameter)) > 0) {
        if (text_equal_ignoring_case(name, TEXT("boundary")))
            boundary = parameter;
    }
    if (taken < 0 || boundary.length == 0 || boundary.length > MULTIPART_BOUNDARY)
        return ERROR_INVALID;
    multipart->source = source;
    multipart->context = context;
    multipart->arena = arena;
    multipart->digest = NULL;
    memcpy(multipart->delimiter, "\r\n--", 4);
    memcpy(multipart->delimiter + 4, boundary.data, boundary.length);
    multipart->delimiter_length = boundary.length + 4;
    /* The first delimiter may be the very beginning of the body, without a line end before it. */
    memcpy(multipart->buffer, "\r\n", 2);
    multipart->start = 0;
    multipart->end = 2;
    multipart->parts = 0;
    multipart->in_part = false;
    multipart->finished = false;
    return 0;
}

static int read_request(void *context, void *buffer, size_t size)
{
    return request_read(context, buffer, size);
}

int multipart_begin_request(struct multipart *multipart, struct request *request)
{
    int error = multipart_begin(multipart, &request->arena, request->headers.content_type,
                                read_request, request);
    if (error < 0)
        return error;
    multipart->digest = request->digest;
    request->digest = NULL;
    return 0;
}

int multipart_next(struct multipart *multipart, struct multipart_part *ret_part)
{
    if (multipart->finished)
        return 0;
    multipart->in_part = false;
    int error = skip_part(multipart);
    if (error < 0)
        return error;
    int follows = pass_delimiter(multipart);
    if (follows == 0)
        return finish(multipart);
    if (follows < 0)
        return follows;
    if (multipart->parts++ == MULTIPART_PARTS)
        return ERROR_INVALID;
    int taken = take_headers(multipart, ret_part);
    multipart->in_part = taken > 0;
    if (taken > 0 && multipart->digest != NULL)
        body_digest_part(multipart->digest, ret_part->name, ret_part->filename);
    return taken;
}

int multipart_read(struct multipart *multipart, void *buffer, size_t size)
{
    while (multipart->in_part) {
        bool found;
        size_t count = count_before_delimiter(multipart, &found);
        if (count > 0) {
            size_t taken = count < size ? count : size;
            memcpy(buffer, multipart->buffer + multipart->start, taken);
            pass(multipart, taken);
            return (int)taken;
        }
        if (found) {
            multipart->in_part = false;
            return 0;
        }
        int error = fill(multipart);
        if (error < 0)
            return error;
    }
    return 0;
}
