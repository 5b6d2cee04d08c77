#include "blob/s3_call.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "blob/folder.h"
#include "blob/s3_list.h"
#include "runtime/wait.h"

enum {
    ATTEMPTS = 3,
    ANSWER_LIMIT = 8 << 20, /* bytes of a list of 1,000 objects, or of an error */
    SLOWEST = 1 << 20,      /* bytes a second that a body may take longer for */
};

#define FIRST_DELAY (200 * CLOCK_MILLISECOND) /* before the second attempt; then four times it */

#define SHA256_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

void s3_call_begin(struct s3_call *call, const struct s3_bucket *bucket, const char *method,
                   const char *what)
{
    *call = (struct s3_call){.bucket = bucket, .what = what, .attempts = ATTEMPTS};
    arena_init(&call->arena);
    call->headers[0] = (struct net_header){"x-amz-content-sha256", SHA256_OF_NOTHING};
    call->request = (struct net_request){
        .method = method,
        .url = arena_copy(&call->arena, bucket->url).data,
        .headers = call->headers,
        .header_count = 1,
        .signature = &bucket->signature,
        .timeout = bucket->timeout,
        .limit = ANSWER_LIMIT,
    };
}

void s3_call_end(struct s3_call *call)
{
    arena_release(&call->arena);
}

void s3_call_object(struct s3_call *call, const char *name)
{
    call->request.url = arena_format(&call->arena, "%s/%s", call->request.url, name).data;
}

static void allow_for(struct s3_call *call, uint64_t bytes)
{
    call->request.timeout += (int64_t)(bytes / SLOWEST) * CLOCK_SECOND;
}

void s3_call_file(struct s3_call *call, int descriptor, uint64_t size, const char *sha256)
{
    call->headers[0].value = sha256;
    call->request.body_descriptor = descriptor;
    call->request.body_size = size;
    allow_for(call, size);
}

void s3_call_range(struct s3_call *call, uint64_t offset, uint64_t length, int sink)
{
    struct text range = arena_format(&call->arena, "bytes=%ju-%ju", (uintmax_t)offset,
                                     (uintmax_t)(offset + length - 1));
    call->headers[1] = (struct net_header){"Range", range.data};
    call->request.header_count = 2;
    call->request.has_sink = true;
    call->request.sink_descriptor = sink;
    allow_for(call, length);
}

/* Of an answer that is no success, what the operator can do about it. */
static const char *hint_of(int status, struct text code)
{
    if (text_is(code, "NoSuchBucket"))
        return "; see S3_BUCKET";
    if (status == 301 || status == 307 || text_is(code, "AuthorizationHeaderMalformed"))
        return "; see S3_REGION and S3_ENDPOINT";
    return status == 401 || status == 403 ? "; see S3_ACCESS_KEY and S3_SECRET_KEY" : "";
}

int s3_call_fail(const struct s3_call *call, const char *reason)
{
    char described[160];
    if (reason == NULL) {
        struct text code = s3_error_code(call->answer.body);
        snprintf(described, sizeof described, "%d%s%.*s%s", call->answer.status,
                 code.length == 0 ? "" : " ", TEXT_ARGUMENTS(code),
                 hint_of(call->answer.status, code));
        reason = described;
    }
    log_error("S3: cannot %s: %s", call->what, reason);
    return ERROR_UNAVAILABLE;
}

/* Before each attempt. */
static bool empty_sink(const struct net_request *request)
{
    return !request->has_sink || (ftruncate(request->sink_descriptor, 0) == 0 &&
                                  lseek(request->sink_descriptor, 0, SEEK_SET) == 0);
}

static bool is_overloaded(const struct net_answer *answer)
{
    return answer->status >= 500 || answer->status == 429;
}

int s3_call_send(struct s3_call *call)
{
    struct text message = TEXT("");
    int64_t delay = FIRST_DELAY;
    int error = 0;
    for (unsigned attempt = 1;; attempt++) {
        if (!empty_sink(&call->request))
            return folder_fail(call->bucket->folder, "empty a file");
        error = net_fetch(call->bucket->net, &call->arena, &call->request, &call->answer, &message);
        bool may_pass = error == 0 ? is_overloaded(&call->answer) : error == ERROR_UNAVAILABLE;
        if (!may_pass || attempt >= call->attempts)
            break;
        wait_timer(clock_monotonic() + delay);
        delay *= 4;
    }
    if (error < 0)
        return s3_call_fail(call, message.data);
    return is_overloaded(&call->answer) ? s3_call_fail(call, NULL) : 0;
}

bool s3_call_is_success(const struct s3_call *call)
{
    return call->answer.status >= 200 && call->answer.status < 300;
}

bool s3_call_is_missing(const struct s3_call *call)
{
    struct text code = s3_error_code(call->answer.body);
    return call->answer.status == 404 && (code.length == 0 || text_is(code, "NoSuchKey"));
}
