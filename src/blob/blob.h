/*
 * blob.h: bytes kept outside the database, under random names.
 *
 *   blob_begin -> NAME.part -> blob_add ... -> blob_commit -> NAME, kept by the engine
 *                                          \-> blob_abort -> nothing
 *
 * Every blob arrives in the folder; where it stays is the engine's affair (engine.h). A blob is
 * durable when blob_commit returns 0, and not there at all before. What a crash leaves (NAME.part,
 * or a NAME that the database does not know) is found by blobs_sweep. All that may block is done by
 * a pool of threads while the calling fiber is parked.
 *
 * Errors of all functions here: ERROR_IO (the folder), ERROR_UNAVAILABLE (the engine is out of
 * reach), ERROR_BUSY (too much is queued). They are logged where they arise.
 */
#ifndef ERRAND_BLOB_BLOB_H
#define ERRAND_BLOB_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/random.h"
#include "base/text.h"

struct blobs;
struct net;

enum { BLOB_SHA256_SIZE = 65 }; /* hexadecimal digits and a NUL */

/* One blob on its way in. Zeroed when there is none. */
struct blob {
    struct blobs *blobs;
    char name[UUID_SIZE];
    char sha256[BLOB_SHA256_SIZE]; /* once committed */
    uint64_t size;
    int descriptor;
    void *digest;
};

/* A bucket in a store that speaks S3. */
struct blobs_s3 {
    const char *endpoint; /* NULL: there is none, and blobs stay in the folder */
    const char *bucket;
    const char *access_key;
    const char *secret_key;
    const char *region;
    int64_t timeout; /* microseconds, of a call */
};

struct blobs_options {
    const char *folder; /* made when the first one comes */
    int64_t largest;    /* bytes of a blob that there may be */
    bool is_shared;     /* other servers over the same database may use the folder too */
    struct net *net;    /* for S3 */
    struct blobs_s3 s3;
};

/* blobs_create: what `options` points to, and the arena, must outlive it. ERROR_INVALID with a
 * message for the user. */
int blobs_create(struct blobs **ret_blobs, const struct blobs_options *options, struct arena *arena,
                 struct text *ret_message);
void blobs_free(struct blobs *blobs);

/* Bytes to be read: those of a blob, from an offset. */
struct blob_view {
    int descriptor; /* the caller's to close */
    uint64_t offset;
};

/* Who knows which blobs are needed: 1 or 0, or an error. */
struct blob_census {
    int (*is_known)(void *context, struct text name);
    void *context;
    int64_t spared_since; /* blobs that are younger stay; clock_now() */
};

/* blob_begin, blob_add: what is added is in the folder, but not durable. */
int blob_begin(struct blobs *blobs, struct blob *blob);
int blob_add(struct blob *blob, const void *data, size_t size);
int blob_commit(struct blob *blob);

/* blob_abort: removes what was begun and not committed; nothing else is left to do with it. */
void blob_abort(struct blob *blob);

/* blob_open: `length` bytes of a blob from `offset`, which it must have. ERROR_NOT_FOUND. */
int blob_open(struct blobs *blobs, struct text name, uint64_t offset, uint64_t length,
              struct blob_view *ret_view);

/* blob_remove: also when it is not there. */
int blob_remove(struct blobs *blobs, struct text name);

/* blobs_spared_since: the moment from which on a blob may be another server's that is about to be
 * known; for the census. INT64_MAX where no other keeps blobs in the same place. */
int64_t blobs_spared_since(const struct blobs *blobs);

/* blobs_sweep_folder: removes what was never committed. Before anything is written, unless they are
 * shared. */
int blobs_sweep_folder(struct blobs *blobs);

/* blobs_are_shared: whether other servers may keep blobs in the same place. */
bool blobs_are_shared(const struct blobs *blobs);

/* blobs_sweep: removes each blob that the census denies (an error of it ends the sweep). What is
 * not called as blobs are is not touched. Before anything is written, unless they are shared.
 *
 * Both return how many they removed, and are called outside a fiber. */
int blobs_sweep(struct blobs *blobs, const struct blob_census *census);

/* blobs_check: 0 when blobs can be written and read. */
int blobs_check(struct blobs *blobs);

/* blob_scratch: a file in the folder that has no name and goes when its descriptor is closed, for
 * bytes that are too many for memory. blob_write adds to it. */
int blob_scratch(struct blobs *blobs, int *ret_descriptor);
int blob_write(struct blobs *blobs, int descriptor, const void *data, size_t size);

/* blob_type: the MIME type that the first bytes of something look like (libmagic), written to
 * the `size` bytes at `type`. */
int blob_type(struct blobs *blobs, const void *data, size_t length, char *type, size_t size);

#endif
