/*
 * blob.h: bytes kept outside the database, under random names.
 *
 *   blob_begin -> NAME.part -> blob_add ... -> blob_commit (sync, rename) -> NAME
 *                                          \-> blob_abort -> nothing
 *
 * A blob is durable when blob_commit returns 0, and not there at all before. What a crash leaves
 * (NAME.part, or a NAME that the database does not know) is found by blobs_sweep. All work with the
 * file system is done by a pool of threads while the calling fiber is parked.
 */
#ifndef ERRAND_BLOB_BLOB_H
#define ERRAND_BLOB_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "base/text.h"

struct blobs;

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

/* blobs_create: the blobs in `folder`, which is made when the first one comes. */
struct blobs *blobs_create(const char *folder);
void blobs_free(struct blobs *blobs);

/* blob_begin: ERROR_IO, ERROR_BUSY, as all functions here. */
int blob_begin(struct blobs *blobs, struct blob *blob);
int blob_add(struct blob *blob, const void *data, size_t size);
int blob_commit(struct blob *blob);

/* blob_abort: removes what was begun and not committed; nothing else is left to do with it. */
void blob_abort(struct blob *blob);

/* blob_open: a descriptor to read from, which the caller closes. ERROR_NOT_FOUND. */
int blob_open(struct blobs *blobs, struct text name, int *ret_descriptor);

/* blob_remove: also when it is not there. */
int blob_remove(struct blobs *blobs, struct text name);

/* blobs_sweep: removes what was never committed and each blob that `is_known` denies (an error of
 * it ends the sweep). Files with other names are not touched. Returns how many it removed. Before
 * anything is written, outside a fiber. */
int blobs_sweep(struct blobs *blobs, int (*is_known)(void *context, struct text name),
                void *context);

/* blob_type: the MIME type that the first bytes of something look like (libmagic), written to
 * the `size` bytes at `type`. */
int blob_type(struct blobs *blobs, const void *data, size_t length, char *type, size_t size);

#endif
