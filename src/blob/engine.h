/*
 * engine.h: what keeps committed blobs. To add one: a file with a table of these functions.
 *
 * `keep` is given a blob that is complete as NAME.part in the folder (blob/folder.h); when it has
 * returned 0 the blob is durable under its name, and NAME.part is gone. All functions block: they
 * are called on threads of a pool, many at once. Names are those that uuid_format makes.
 */
#ifndef ERRAND_BLOB_ENGINE_H
#define ERRAND_BLOB_ENGINE_H

#include "blob/blob.h"

struct blob_engine {
    size_t threads; /* of its own pool; 0 where the common one will do */
    int (*keep)(void *store, const struct blob *blob);
    int (*open)(void *store, const char *name, uint64_t offset, uint64_t length,
                struct blob_view *ret_view);
    int (*remove)(void *store, const char *name); /* also when it is not there */
    int (*sweep)(void *store, const struct blob_census *census);
    int (*check)(void *store);
    void (*free)(void *store);
};

/* blob_is_name: whether a text is one of our names; none of them leads out of the folder. */
bool blob_is_name(struct text name);

/* directory.c: files of the folder. */
extern const struct blob_engine directory_engine;
void *directory_create(const char *folder);

/* s3.c: objects of a bucket. What `options` points to, and the arena, outlive the store.
 * ERROR_INVALID with a message for the user. */
extern const struct blob_engine s3_engine;
int s3_create(const struct blobs_options *options, struct arena *arena, void **ret_store,
              struct text *ret_message);

#endif
