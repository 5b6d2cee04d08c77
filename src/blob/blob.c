#include "blob/blob.h"

#include <magic.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "blob/engine.h"
#include "blob/folder.h"
#include "runtime/offload.h"

/* How long another server may take from the first byte of a blob to its row; the clocks of S3 and
 * of all servers differ by less, or signatures do not hold. */
#define SPARED CLOCK_HOUR

enum { THREADS = 4, QUEUE_LIMIT = 256 };

struct blobs {
    const char *folder;
    bool is_folder_shared;
    const struct blob_engine *engine;
    void *store;
    struct offload *pool;        /* for the folder and libmagic */
    struct offload *engine_pool; /* for the engine; may be the same */
    pthread_mutex_t mutex;       /* of `magic` */
    magic_t magic;               /* loaded when first needed */
};

/* A call on its way to a thread of a pool. */
struct call {
    struct blobs *blobs;
    struct blob *blob;
    const char *name;
    uint64_t offset;
    uint64_t length;
    struct blob_view *view;
    const void *data;
    size_t size;
    char *type;
    size_t type_size;
    int descriptor;
    int result;
};

static int run(struct offload *pool, void (*fn)(void *argument), struct call *call)
{
    int error = offload_run(pool, fn, call);
    return error < 0 ? error : call->result;
}

static struct offload *create_pool(size_t threads)
{
    return offload_create(&(struct offload_options){
        .name = "errand-blob", .threads = threads, .queue_limit = QUEUE_LIMIT});
}

int blobs_create(struct blobs **ret_blobs, const struct blobs_options *options, struct arena *arena,
                 struct text *ret_message)
{
    bool remote = options->s3.endpoint != NULL;
    void *store = NULL;
    int error = remote ? s3_create(options, arena, &store, ret_message) : 0;
    if (error < 0)
        return error;
    struct blobs *blobs = memory_allocate(sizeof *blobs);
    blobs->folder = options->folder;
    blobs->is_folder_shared = options->is_shared;
    blobs->engine = remote ? &s3_engine : &directory_engine;
    blobs->store = remote ? store : directory_create(options->folder);
    pthread_mutex_init(&blobs->mutex, NULL);
    blobs->pool = create_pool(THREADS);
    blobs->engine_pool =
        blobs->engine->threads == 0 ? blobs->pool : create_pool(blobs->engine->threads);
    *ret_blobs = blobs;
    return 0;
}

void blobs_free(struct blobs *blobs)
{
    if (blobs == NULL)
        return;
    if (blobs->engine_pool != blobs->pool)
        offload_free(blobs->engine_pool);
    offload_free(blobs->pool);
    blobs->engine->free(blobs->store);
    if (blobs->magic != NULL)
        magic_close(blobs->magic);
    pthread_mutex_destroy(&blobs->mutex);
    free(blobs);
}

static bool is_hexadecimal(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool blob_is_name(struct text name)
{
    static const char form[] = "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx";
    if (name.length != sizeof form - 1)
        return false;
    for (size_t i = 0; i < name.length; i++) {
        if (form[i] == 'x' ? !is_hexadecimal(name.data[i]) : name.data[i] != form[i])
            return false;
    }
    return true;
}

/* On its way in. */

static void run_begin(void *argument)
{
    struct call *call = argument;
    int descriptor = folder_create_part(call->blobs->folder, call->blob->name);
    call->result = descriptor < 0 ? descriptor : 0;
    call->blob->descriptor = descriptor;
}

int blob_begin(struct blobs *blobs, struct blob *blob)
{
    struct blob begun = {.blobs = blobs};
    uuid_format(begun.name);
    struct call call = {.blobs = blobs, .blob = &begun};
    int error = run(blobs->pool, run_begin, &call);
    if (error < 0)
        return error;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (digest == NULL)
        memory_exhausted(1);
    EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
    begun.digest = digest;
    *blob = begun;
    return 0;
}

static void run_add(void *argument)
{
    struct call *call = argument;
    EVP_DigestUpdate(call->blob->digest, call->data, call->size);
    call->result =
        folder_write(call->blobs->folder, call->blob->descriptor, call->data, call->size);
    call->blob->size += call->size;
}

int blob_add(struct blob *blob, const void *data, size_t size)
{
    struct call call = {.blobs = blob->blobs, .blob = blob, .data = data, .size = size};
    return run(blob->blobs->pool, run_add, &call);
}

static void finish_digest(struct blob *blob)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(blob->digest, bytes, &size);
    for (unsigned int i = 0; i < size; i++)
        snprintf(blob->sha256 + (size_t)2 * i, 3, "%02x", bytes[i]);
}

static void run_commit(void *argument)
{
    struct call *call = argument;
    finish_digest(call->blob);
    call->result = call->blobs->engine->keep(call->blobs->store, call->blob);
}

static void close_blob(struct blob *blob)
{
    close(blob->descriptor);
    EVP_MD_CTX_free(blob->digest);
    blob->blobs = NULL;
}

int blob_commit(struct blob *blob)
{
    struct call call = {.blobs = blob->blobs, .blob = blob};
    int error = run(blob->blobs->engine_pool, run_commit, &call);
    if (error == 0)
        close_blob(blob);
    return error;
}

static void run_remove(void *argument)
{
    struct call *call = argument;
    call->result = call->blobs->engine->remove(call->blobs->store, call->name);
}

static void run_abort(void *argument)
{
    struct call *call = argument;
    char part[FOLDER_PART_SIZE];
    folder_part(part, call->name);
    call->result = folder_remove(call->blobs->folder, part);
}

void blob_abort(struct blob *blob)
{
    if (blob->blobs == NULL)
        return;
    struct call call = {.blobs = blob->blobs, .name = blob->name};
    /* What cannot be removed now, the sweep will find. */
    (void)run(blob->blobs->pool, run_abort, &call);
    close_blob(blob);
}

/* Those that are kept. */

static void run_open(void *argument)
{
    struct call *call = argument;
    call->result = call->blobs->engine->open(call->blobs->store, call->name, call->offset,
                                             call->length, call->view);
}

int blob_open(struct blobs *blobs, struct text name, uint64_t offset, uint64_t length,
              struct blob_view *ret_view)
{
    if (!blob_is_name(name))
        return ERROR_NOT_FOUND;
    struct call call = {
        .blobs = blobs, .name = name.data, .offset = offset, .length = length, .view = ret_view};
    return run(blobs->engine_pool, run_open, &call);
}

int blob_remove(struct blobs *blobs, struct text name)
{
    if (!blob_is_name(name))
        return ERROR_INVALID;
    struct call call = {.blobs = blobs, .name = name.data};
    return run(blobs->engine_pool, run_remove, &call);
}

static int is_left_part(void *context, const struct folder_file *file)
{
    const struct blobs *blobs = context;
    bool is_spared = blobs->is_folder_shared && file->modified > clock_now() - SPARED;
    return file->is_part && !is_spared;
}

int blobs_sweep_folder(struct blobs *blobs)
{
    return folder_each(blobs->folder, is_left_part, blobs);
}

bool blobs_are_shared(const struct blobs *blobs)
{
    return blobs->is_folder_shared || blobs->engine == &s3_engine;
}

int64_t blobs_spared_since(const struct blobs *blobs)
{
    return blobs_are_shared(blobs) ? clock_now() - SPARED : INT64_MAX;
}

int blobs_sweep(struct blobs *blobs, const struct blob_census *census)
{
    return blobs->engine->sweep(blobs->store, census);
}

static void run_check(void *argument)
{
    struct call *call = argument;
    call->result = call->blobs->engine->check(call->blobs->store);
}

int blobs_check(struct blobs *blobs)
{
    struct call call = {.blobs = blobs};
    return run(blobs->engine_pool, run_check, &call);
}

/* What is no blob. */

static void run_scratch(void *argument)
{
    struct call *call = argument;
    call->descriptor = folder_create_scratch(call->blobs->folder);
    call->result = call->descriptor < 0 ? call->descriptor : 0;
}

int blob_scratch(struct blobs *blobs, int *ret_descriptor)
{
    struct call call = {.blobs = blobs};
    int error = run(blobs->pool, run_scratch, &call);
    if (error == 0)
        *ret_descriptor = call.descriptor;
    return error;
}

static void run_write(void *argument)
{
    struct call *call = argument;
    call->result = folder_write(call->blobs->folder, call->descriptor, call->data, call->size);
}

int blob_write(struct blobs *blobs, int descriptor, const void *data, size_t size)
{
    struct call call = {.blobs = blobs, .descriptor = descriptor, .data = data, .size = size};
    return run(blobs->pool, run_write, &call);
}

/* What they are. */

static void run_type(void *argument)
{
    struct call *call = argument;
    struct blobs *blobs = call->blobs;
    pthread_mutex_lock(&blobs->mutex);
    if (blobs->magic == NULL) {
        magic_t magic = magic_open(MAGIC_MIME_TYPE);
        if (magic != NULL && magic_load(magic, NULL) < 0) {
            log_error("libmagic: %s", magic_error(magic));
            magic_close(magic);
            magic = NULL;
        }
        blobs->magic = magic;
    }
    const char *type =
        blobs->magic == NULL ? NULL : magic_buffer(blobs->magic, call->data, call->size);
    call->result = type == NULL ? ERROR_INTERNAL : 0;
    snprintf(call->type, call->type_size, "%s", type == NULL ? "" : type);
    pthread_mutex_unlock(&blobs->mutex);
}

int blob_type(struct blobs *blobs, const void *data, size_t length, char *type, size_t size)
{
    struct call call = {
        .blobs = blobs, .data = data, .size = length, .type = type, .type_size = size};
    return run(blobs->pool, run_type, &call);
}
