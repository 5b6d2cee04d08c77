#include "net/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

/* What libcurl calls. */

static size_t stop(struct transfer *transfer, int failure)
{
    transfer->failure = failure;
    transfer->failure_number = errno;
    return 0;
}

static bool goes_to_sink(const struct transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return transfer->request->has_sink && status >= 200 && status < 300;
}

static int write_all(int descriptor, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, data, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return ERROR_IO;
        data += written;
        length -= (size_t)written;
    }
    return 0;
}

static size_t take_body(char *data, size_t one, size_t length, void *context)
{
    (void)one;
    struct transfer *transfer = context;
    transfer->size += length;
    if (goes_to_sink(transfer)) {
        if (write_all(transfer->request->sink_descriptor, data, length) < 0)
            return stop(transfer, ERROR_IO);
        return length;
    }
    buffer_add(&transfer->body, data, length);
    return buffer_overflowed(&transfer->body) ? stop(transfer, ERROR_TOO_LARGE) : length;
}

static size_t give_file(char *data, size_t one, size_t room, void *context)
{
    (void)one;
    struct transfer *transfer = context;
    uint64_t left = transfer->request->body_size - transfer->file_taken;
    if (room > left)
        room = (size_t)left;
    if (room == 0)
        return 0;
    ssize_t got;
    do {
        got = pread(transfer->request->body_descriptor, data, room,
                    transfer->file_start + (off_t)transfer->file_taken);
    } while (got < 0 && errno == EINTR);
    if (got == 0)
        errno = ENODATA; /* the file is shorter than we were told */
    if (got <= 0) {
        stop(transfer, ERROR_IO);
        return CURL_READFUNC_ABORT;
    }
    transfer->file_taken += (uint64_t)got;
    return (size_t)got;
}

/* To begin again, when a kept connection turns out to be closed. */
static int rewind_file(void *context, curl_off_t offset, int origin)
{
    struct transfer *transfer = context;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > transfer->request->body_size)
        return CURL_SEEKFUNC_FAIL;
    transfer->file_taken = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* The request. */

static void add_header(struct transfer *transfer, const char *line)
{
    struct curl_slist *headers = curl_slist_append(transfer->headers, line);
    if (headers == NULL)
        memory_exhausted(strlen(line));
    transfer->headers = headers;
}

/* What libcurl would add to a body of its own accord is kept out by a name with nothing behind it.
 * Not so where the request is signed: libcurl would sign those names, and not send them. */
static void set_headers(struct transfer *transfer, bool has_body)
{
    const struct net_request *request = transfer->request;
    bool has_type = false;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct net_header *header = &request->headers[i];
        add_header(transfer,
                   arena_format(transfer->arena, "%s: %s", header->name, header->value).data);
        has_type =
            has_type || text_equal_ignoring_case(text_from(header->name), TEXT("Content-Type"));
    }
    bool is_signed = request->signature != NULL;
    if (has_body && !has_type)
        add_header(transfer,
                   is_signed ? "Content-Type: application/octet-stream" : "Content-Type:");
    if (has_body && !is_signed)
        add_header(transfer, "Expect:"); /* no extra round trip before a large body */
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static bool has_body(const struct net_request *request, const char *method)
{
    return request->body_size > 0 || request->body.data != NULL || strcmp(method, "POST") == 0 ||
           strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
}

static int set_body(struct transfer *transfer, const char *method)
{
    const struct net_request *request = transfer->request;
    CURL *easy = transfer->easy;
    if (request->body_size > 0) {
        transfer->file_start = lseek(request->body_descriptor, 0, SEEK_CUR);
        if (transfer->file_start < 0)
            return ERROR_IO;
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_size);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_file);
        curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_file);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
    } else if (has_body(request, method)) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                         request->body.data == NULL ? "" : request->body.data);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
    } else if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    return 0;
}

static void set_signature(struct transfer *transfer, const struct net_signature *signature)
{
    struct text scope =
        arena_format(transfer->arena, "aws:amz:%s:%s", signature->region, signature->service);
    curl_easy_setopt(transfer->easy, CURLOPT_AWS_SIGV4, scope.data);
    curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, signature->access_key);
    curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, signature->secret_key);
}

static long milliseconds(int64_t microseconds)
{
    return (long)((microseconds + CLOCK_MILLISECOND - 1) / CLOCK_MILLISECOND);
}

static void set_behaviour(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    int64_t timeout = transfer->request->timeout;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Without it, ending a transfer waits for the thread that resolves its name. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "errand/" ERRAND_VERSION);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(timeout));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     milliseconds(timeout < NET_CONNECT ? timeout : NET_CONNECT));
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

int transfer_begin(struct transfer *transfer, CURL *easy, struct arena *arena,
                   const struct net_request *request)
{
    *transfer = (struct transfer){.request = request, .arena = arena, .easy = easy};
    buffer_init(&transfer->body, arena, request->limit);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    const char *method = request->method == NULL ? "GET" : request->method;
    set_behaviour(transfer);
    set_headers(transfer, has_body(request, method));
    if (request->signature != NULL)
        set_signature(transfer, request->signature);
    return set_body(transfer, method);
}

void transfer_release(struct transfer *transfer)
{
    curl_easy_reset(transfer->easy); /* it must not point at us any more */
    curl_slist_free_all(transfer->headers);
}

/* The answer. */

static const char *keep_string(struct arena *arena, const char *string)
{
    return arena_copy(arena, text_from(string)).data;
}

static void keep_headers(struct transfer *transfer, struct net_answer *answer)
{
    struct curl_header *header = NULL;
    while ((header = curl_easy_nextheader(transfer->easy, CURLH_HEADER, -1, header)) != NULL)
        answer->header_count++;
    answer->headers =
        arena_allocate(transfer->arena, (answer->header_count + 1) * sizeof *answer->headers);
    struct net_header *next = answer->headers;
    while ((header = curl_easy_nextheader(transfer->easy, CURLH_HEADER, -1, header)) != NULL)
        *next++ = (struct net_header){keep_string(transfer->arena, header->name),
                                      keep_string(transfer->arena, header->value)};
}

static int error_of(CURLcode code)
{
    switch (code) {
    case CURLE_URL_MALFORMAT:
        return ERROR_INVALID;
    case CURLE_OPERATION_TIMEDOUT:
        return ERROR_TIMEOUT;
    default:
        return ERROR_UNAVAILABLE;
    }
}

static struct text words(const struct transfer *transfer, CURLcode code)
{
    if (transfer->failure == ERROR_TOO_LARGE)
        return arena_format(transfer->arena, "the answer has more than %zu bytes",
                            transfer->request->limit);
    if (transfer->failure == ERROR_IO)
        return arena_format(transfer->arena, "cannot copy the body: %s",
                            strerrordesc_np(transfer->failure_number));
    const char *message =
        transfer->message[0] == '\0' ? curl_easy_strerror(code) : transfer->message;
    return arena_copy(transfer->arena, text_from(message));
}

int transfer_finish(struct transfer *transfer, CURLcode code, struct net_answer *ret_answer,
                    struct text *ret_message)
{
    if (code != CURLE_OK) {
        *ret_message = words(transfer, code);
        return transfer->failure != 0 ? transfer->failure : error_of(code);
    }
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    struct net_answer answer = {.status = (int)status, .size = transfer->size};
    keep_headers(transfer, &answer);
    answer.content_type = net_answer_header(&answer, "Content-Type");
    answer.body = transfer->body.length == 0 ? TEXT("") : buffer_text(&transfer->body);
    *ret_answer = answer;
    return 0;
}
