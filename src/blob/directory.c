/*
 * directory.c: blobs as files of one folder.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "blob/blob.h"
#include "runtime/offload.h"

enum { THREADS = 4, QUEUE_LIMIT = 256 };

static const char unfinished[] = ".part";

struct blobs {
    const char *folder;
    struct offload *pool;
    pthread_mutex_t mutex; /* of `magic` */
    magic_t magic;         /* loaded when first needed */
};

/* A call on its way to a thread of the pool. */
struct call {
    struct blobs *blobs;
    struct blob *blob;
    const char *name;
    const void *data;
    size_t size;
    char *type;
    size_t type_size;
    int descriptor;
    int result;
};

static int run(struct blobs *blobs, void (*fn)(void *argument), struct call *call)
{
    call->blobs = blobs;
    int error = offload_run(blobs->pool, fn, call);
    return error < 0 ? error : call->result;
}

struct blobs *blobs_create(const char *folder)
{
    struct blobs *blobs = memory_allocate(sizeof *blobs);
    blobs->folder = folder;
    pthread_mutex_init(&blobs->mutex, NULL);
    blobs->pool = offload_create(&(struct offload_options){
        .name = "errand-blob", .threads = THREADS, .queue_limit = QUEUE_LIMIT});
    return blobs;
}

void blobs_free(struct blobs *blobs)
{
    if (blobs == NULL)
        return;
    offload_free(blobs->pool);
    if (blobs->magic != NULL)
        magic_close(blobs->magic);
    pthread_mutex_destroy(&blobs->mutex);
    free(blobs);
}

/* A descriptor of the folder, or ERROR_IO. */
static int open_folder(const struct blobs *blobs)
{
    int folder = open(blobs->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder < 0 ? ERROR_IO : folder;
}

static int fail(const struct blobs *blobs, const char *what)
{
    log_error("UPLOAD_DIR %s: cannot %s: %s", blobs->folder, what, strerror(errno));
    return ERROR_IO;
}

static void unfinished_name(char path[static UUID_SIZE + sizeof unfinished], const char *name)
{
    snprintf(path, UUID_SIZE + sizeof unfinished, "%s%s", name, unfinished);
}

static void run_begin(void *argument)
{
    struct call *call = argument;
    if (mkdir(call->blobs->folder, 0700) < 0 && errno != EEXIST) {
        call->result = fail(call->blobs, "create it");
        return;
    }
    char path[UUID_SIZE + sizeof unfinished];
    unfinished_name(path, call->blob->name);
    int folder = open_folder(call->blobs);
    int file =
        folder < 0 ? -1 : openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    call->result = file < 0 ? fail(call->blobs, "create a file") : 0;
    call->blob->descriptor = file;
    if (folder >= 0)
        close(folder);
}

int blob_begin(struct blobs *blobs, struct blob *blob)
{
    struct blob begun = {.blobs = blobs};
    uuid_format(begun.name);
    struct call call = {.blob = &begun};
    int error = run(blobs, run_begin, &call);
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
    const char *data = call->data;
    size_t left = call->size;
    EVP_DigestUpdate(call->blob->digest, data, left);
    while (left > 0) {
        ssize_t written = write(call->blob->descriptor, data, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            call->result = fail(call->blobs, "write");
            return;
        }
        data += written;
        left -= (size_t)written;
    }
    call->blob->size += call->size;
}

int blob_add(struct blob *blob, const void *data, size_t size)
{
    struct call call = {.blob = blob, .data = data, .size = size};
    return run(blob->blobs, run_add, &call);
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
    char path[UUID_SIZE + sizeof unfinished];
    unfinished_name(path, call->blob->name);
    finish_digest(call->blob);
    int folder = open_folder(call->blobs);
    bool done = folder >= 0 && fsync(call->blob->descriptor) == 0 &&
                renameat(folder, path, folder, call->blob->name) == 0 && fsync(folder) == 0;
    call->result = done ? 0 : fail(call->blobs, "make a file durable");
    if (folder >= 0)
        close(folder);
}

static void close_blob(struct blob *blob)
{
    close(blob->descriptor);
    EVP_MD_CTX_free(blob->digest);
    blob->blobs = NULL;
}

int blob_commit(struct blob *blob)
{
    struct call call = {.blob = blob};
    int error = run(blob->blobs, run_commit, &call);
    if (error == 0)
        close_blob(blob);
    return error;
}

static void run_remove(void *argument)
{
    struct call *call = argument;
    int folder = open_folder(call->blobs);
    if (folder < 0)
        return; /* no folder, no blob */
    char path[UUID_SIZE + sizeof unfinished];
    unfinished_name(path, call->name);
    bool gone = (unlinkat(folder, call->name, 0) == 0 || errno == ENOENT) &&
                (unlinkat(folder, path, 0) == 0 || errno == ENOENT);
    call->result = gone ? 0 : fail(call->blobs, "remove a file");
    close(folder);
}

void blob_abort(struct blob *blob)
{
    if (blob->blobs == NULL)
        return;
    struct call call = {.name = blob->name};
    /* What cannot be removed now, the sweep will find. */
    (void)run(blob->blobs, run_remove, &call);
    close_blob(blob);
}

/* Names come from the database, but none leads out of the folder. */
static bool is_name(struct text name)
{
    if (name.length != UUID_SIZE - 1)
        return false;
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'))
            return false;
    }
    return true;
}

static void run_open(void *argument)
{
    struct call *call = argument;
    int folder = open_folder(call->blobs);
    call->descriptor = folder < 0 ? -1 : openat(folder, call->name, O_RDONLY | O_CLOEXEC);
    if (call->descriptor < 0)
        call->result = errno == ENOENT ? ERROR_NOT_FOUND : fail(call->blobs, "read a file");
    if (folder >= 0)
        close(folder);
}

int blob_open(struct blobs *blobs, struct text name, int *ret_descriptor)
{
    if (!is_name(name))
        return ERROR_NOT_FOUND;
    struct call call = {.name = name.data};
    int error = run(blobs, run_open, &call);
    if (error == 0)
        *ret_descriptor = call.descriptor;
    return error;
}

int blob_remove(struct blobs *blobs, struct text name)
{
    if (!is_name(name))
        return ERROR_INVALID;
    struct call call = {.name = name.data};
    return run(blobs, run_remove, &call);
}

/* 1 when the file was removed, 0 when it stays, or an error. */
static int sweep_file(int folder, const char *path,
                      int (*is_known)(void *context, struct text name), void *context)
{
    struct text name = text_from(path);
    struct text stem = {path, name.length < UUID_SIZE - 1 ? name.length : UUID_SIZE - 1};
    if (!is_name(stem))
        return 0;
    int known = 0;
    if (name.length == stem.length)
        known = is_known(context, name);
    else if (strcmp(path + stem.length, unfinished) != 0)
        known = 1;
    if (known != 0)
        return known < 0 ? known : 0;
    return unlinkat(folder, path, 0) == 0 ? 1 : ERROR_IO;
}

int blobs_sweep(struct blobs *blobs, int (*is_known)(void *context, struct text name),
                void *context)
{
    DIR *folder = opendir(blobs->folder);
    if (folder == NULL)
        return errno == ENOENT ? 0 : fail(blobs, "read it");
    int removed = 0;
    int error = 0;
    struct dirent *entry;
    while (error >= 0 && (entry = readdir(folder)) != NULL) {
        error = sweep_file(dirfd(folder), entry->d_name, is_known, context);
        removed += error > 0;
    }
    closedir(folder);
    return error < 0 ? error : removed;
}

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
    struct call call = {.data = data, .size = length, .type = type, .type_size = size};
    return run(blobs, run_type, &call);
}
