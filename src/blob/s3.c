/*
 * s3.c: blobs as objects of a bucket, by PUT, GET, HEAD and DELETE on S3_ENDPOINT/S3_BUCKET/NAME,
 * signed (AWS Signature Version 4).
 *
 *   keep     NAME.part ──PUT, with its length and SHA-256──> NAME; then NAME.part goes
 *   open     a file without a name in the folder <──GET of the range that is wanted── NAME
 *
 * So the memory is the same for a blob of any size, and a client that takes its time holds a file,
 * not a connection to the store. The bucket may hold other things, and blobs of other servers that
 * are about to be known to the database, so the sweep looks only at our names and leaves young ones
 * alone.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "blob/engine.h"
#include "blob/folder.h"
#include "blob/s3_call.h"
#include "blob/s3_list.h"

enum { THREADS = 16 };

#define LARGEST (INT64_C(5) << 30)       /* bytes of one PUT */
#define CHECKED_FOR (5 * CLOCK_SECOND)   /* how long a check holds, as anybody may ask for one */
#define CHECK_TIMEOUT (5 * CLOCK_SECOND) /* of its call, where S3_TIMEOUT_SECONDS is longer */

struct s3 {
    struct s3_bucket bucket;
    pthread_mutex_t mutex; /* of what follows */
    bool checking;         /* a thread is asking */
    int64_t checked;       /* clock_monotonic(); 0: not yet */
    int check_result;
};

static int s3_keep(void *store, const struct blob *blob)
{
    const struct s3 *s3 = store;
    S3_CALL_CLEANUP struct s3_call call;
    s3_call_begin(&call, &s3->bucket, "PUT", "store a file");
    s3_call_object(&call, blob->name);
    s3_call_file(&call, blob->descriptor, blob->size, blob->sha256);
    if (lseek(blob->descriptor, 0, SEEK_SET) < 0)
        return folder_fail(s3->bucket.folder, "read a file");
    int error = s3_call_send(&call);
    if (error < 0)
        return error;
    if (!s3_call_is_success(&call))
        return s3_call_fail(&call, NULL);
    char part[FOLDER_PART_SIZE];
    folder_part(part, blob->name);
    /* The blob is kept; what cannot be removed here is logged, and goes at the next start. */
    (void)folder_remove(s3->bucket.folder, part);
    return 0;
}

/* Whether there is an object, for an answer without its bytes. */
static int find_object(const struct s3 *s3, const char *name)
{
    S3_CALL_CLEANUP struct s3_call call;
    s3_call_begin(&call, &s3->bucket, "HEAD", "find a file");
    s3_call_object(&call, name);
    int error = s3_call_send(&call);
    if (error < 0)
        return error;
    if (s3_call_is_missing(&call))
        return ERROR_NOT_FOUND;
    return s3_call_is_success(&call) ? 0 : s3_call_fail(&call, NULL);
}

/* A store that knows no ranges sends the whole. */
static int fetch_range(const struct s3 *s3, const char *name, uint64_t offset, uint64_t length,
                       struct blob_view *view)
{
    S3_CALL_CLEANUP struct s3_call call;
    s3_call_begin(&call, &s3->bucket, "GET", "read a file");
    s3_call_object(&call, name);
    s3_call_range(&call, offset, length, view->descriptor);
    int error = s3_call_send(&call);
    if (error < 0)
        return error;
    if (s3_call_is_missing(&call))
        return ERROR_NOT_FOUND;
    if (!s3_call_is_success(&call))
        return s3_call_fail(&call, NULL);
    view->offset = call.answer.status == 206 ? 0 : offset;
    if (call.answer.size < view->offset + length)
        return s3_call_fail(&call, "the object is shorter than it was");
    return 0;
}

static int s3_open(void *store, const char *name, uint64_t offset, uint64_t length,
                   struct blob_view *ret_view)
{
    const struct s3 *s3 = store;
    struct blob_view view = {.descriptor = folder_create_scratch(s3->bucket.folder)};
    if (view.descriptor < 0)
        return view.descriptor;
    int error = length == 0 ? find_object(s3, name) : fetch_range(s3, name, offset, length, &view);
    if (error < 0)
        close(view.descriptor);
    else
        *ret_view = view;
    return error;
}

static int s3_remove(void *store, const char *name)
{
    const struct s3 *s3 = store;
    S3_CALL_CLEANUP struct s3_call call;
    s3_call_begin(&call, &s3->bucket, "DELETE", "remove a file");
    s3_call_object(&call, name);
    int error = s3_call_send(&call);
    if (error < 0)
        return error;
    bool gone = s3_call_is_success(&call) || s3_call_is_missing(&call);
    return gone ? 0 : s3_call_fail(&call, NULL);
}

/* The sweep. */

/* 1 when the object was removed, 0 when it stays, or an error. */
static int sweep_object(struct s3 *s3, const struct blob_census *census,
                        const struct s3_object *object)
{
    if (!blob_is_name(object->key) || object->modified > census->spared_since)
        return 0;
    int known = census->is_known(census->context, object->key);
    if (known != 0)
        return known < 0 ? known : 0;
    char name[UUID_SIZE];
    snprintf(name, sizeof name, "%.*s", TEXT_ARGUMENTS(object->key));
    int error = s3_remove(s3, name);
    return error < 0 ? error : 1;
}

/* One part of the list: how many objects were removed, or an error. `*token` is where it begins,
 * and then where the next one does. Parameters stand in the order that the signature wants. */
static int sweep_part(struct s3 *s3, const struct blob_census *census, struct arena *arena,
                      struct text *token)
{
    S3_CALL_CLEANUP struct s3_call call;
    s3_call_begin(&call, &s3->bucket, "GET", "list the objects");
    call.request.url =
        arena_format(&call.arena, "%s?%s%.*s%sdelimiter=%%2F&list-type=2", call.request.url,
                     token->data == NULL ? "" : "continuation-token=", TEXT_ARGUMENTS(*token),
                     token->data == NULL ? "" : "&")
            .data;
    int error = s3_call_send(&call);
    if (error < 0)
        return error;
    if (!s3_call_is_success(&call))
        return s3_call_fail(&call, NULL);
    int removed = 0;
    struct text rest = call.answer.body;
    struct s3_object object;
    while (error >= 0 && s3_list_next(&rest, &object)) {
        error = sweep_object(s3, census, &object);
        removed += error > 0;
    }
    *token = s3_list_token(arena, call.answer.body);
    return error < 0 ? error : removed;
}

static int s3_sweep(void *store, const struct blob_census *census)
{
    struct text token = TEXT_NULL;
    struct arena arena; /* of the tokens */
    arena_init(&arena);
    int removed = 0;
    int error;
    do {
        error = sweep_part(store, census, &arena, &token);
        removed += error > 0 ? error : 0;
    } while (error >= 0 && token.data != NULL);
    arena_release(&arena);
    return error < 0 ? error : removed;
}

/* The check. */

static int ask_for_bucket(const struct s3 *s3)
{
    S3_CALL_CLEANUP struct s3_call call;
    s3_call_begin(&call, &s3->bucket, "HEAD", "reach the bucket");
    call.attempts = 1;
    if (call.request.timeout > CHECK_TIMEOUT)
        call.request.timeout = CHECK_TIMEOUT;
    int error = s3_call_send(&call);
    if (error < 0)
        return error;
    return s3_call_is_success(&call) ? 0 : s3_call_fail(&call, NULL);
}

/* One thread asks; the others take what was last heard. */
static int s3_check(void *store)
{
    struct s3 *s3 = store;
    pthread_mutex_lock(&s3->mutex);
    bool due = s3->checked == 0 || clock_monotonic() - s3->checked > CHECKED_FOR;
    bool asks = due && !s3->checking;
    s3->checking = s3->checking || asks;
    int result = s3->check_result;
    pthread_mutex_unlock(&s3->mutex);
    if (!asks)
        return result;
    result = ask_for_bucket(s3);
    pthread_mutex_lock(&s3->mutex);
    s3->checking = false;
    s3->checked = clock_monotonic();
    s3->check_result = result;
    pthread_mutex_unlock(&s3->mutex);
    return result;
}

static void s3_free(void *store)
{
    struct s3 *s3 = store;
    pthread_mutex_destroy(&s3->mutex);
    free(s3);
}

const struct blob_engine s3_engine = {
    .threads = THREADS,
    .keep = s3_keep,
    .open = s3_open,
    .remove = s3_remove,
    .sweep = s3_sweep,
    .check = s3_check,
    .free = s3_free,
};

/* The options. */

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Begins with a letter or digit and goes on with these or the `others`, so that it means nothing
 * else in a URL. */
static bool is_plain(const char *text, const char *others)
{
    if (!is_letter_or_digit(text[0]))
        return false;
    while (*text != '\0' && (is_letter_or_digit(*text) || strchr(others, *text) != NULL))
        text++;
    return *text == '\0';
}

static const char *what_is_wrong(const struct blobs_options *options)
{
    const struct blobs_s3 *s3 = &options->s3;
    if (net_check_url(s3->endpoint) < 0 || strpbrk(s3->endpoint, "?#@") != NULL)
        return "S3_ENDPOINT must be a URL of http or https without a query or a user";
    if (!is_plain(s3->bucket, "-._"))
        return "S3_BUCKET must be the name of a bucket: letters, digits, '-', '.' and '_'";
    if (!is_plain(s3->region, "-"))
        return "S3_REGION must be made of letters, digits and '-'";
    if (options->largest > LARGEST)
        return "MAX_UPLOAD_SIZE must be at most 5368709120 with S3, which takes no larger object "
               "at once";
    return NULL;
}

int s3_create(const struct blobs_options *options, struct arena *arena, void **ret_store,
              struct text *ret_message)
{
    const char *wrong = what_is_wrong(options);
    if (wrong != NULL) {
        *ret_message = text_from(wrong);
        return ERROR_INVALID;
    }
    const struct blobs_s3 *given = &options->s3;
    struct text endpoint = text_from(given->endpoint);
    while (endpoint.length > 0 && endpoint.data[endpoint.length - 1] == '/')
        endpoint.length--;
    struct s3 *s3 = memory_allocate(sizeof *s3);
    s3->bucket = (struct s3_bucket){
        .net = options->net,
        .folder = options->folder,
        .url = arena_format(arena, "%.*s/%s", TEXT_ARGUMENTS(endpoint), given->bucket),
        .signature = {given->access_key, given->secret_key, given->region, "s3"},
        .timeout = given->timeout,
    };
    pthread_mutex_init(&s3->mutex, NULL);
    *ret_store = s3;
    return 0;
}
