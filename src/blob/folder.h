/*
 * folder.h: UPLOAD_DIR, where every blob arrives as NAME.part.
 *
 * Whatever is called NAME.part at the start of the only server that uses it was left by a crash.
 * All functions block; errors are logged with the folder's name and returned as ERROR_IO.
 */
#ifndef ERRAND_BLOB_FOLDER_H
#define ERRAND_BLOB_FOLDER_H

#include <stdbool.h>

#include "base/random.h"
#include "base/text.h"

enum { FOLDER_PART_SIZE = UUID_SIZE + 5 }; /* ".part" more than a name */

/* folder_part: NAME.part. */
void folder_part(char part[static FOLDER_PART_SIZE], const char *name);

/* folder_open: a descriptor of the folder, which the caller closes. ERROR_NOT_FOUND when there is
 * none yet. */
int folder_open(const char *folder);

/* folder_create_part: makes NAME.part, and the folder where it is missing. A descriptor to write to
 * and read from. */
int folder_create_part(const char *folder, const char *name);

/* folder_create_scratch: a file without a name. As folder_create_part. */
int folder_create_scratch(const char *folder);

/* folder_write: all of it. */
int folder_write(const char *folder, int descriptor, const char *data, size_t size);

/* folder_remove: removes NAME, or NAME.part; also when it is not there. */
int folder_remove(const char *folder, const char *file);

struct folder_file {
    struct text name;
    bool is_part;
    int64_t modified; /* microseconds */
};

/* folder_each: calls `see` with each file that is called as blobs are, until it returns an error;
 * where it returns 1 the file is removed. Returns how many were, or the error. */
int folder_each(const char *folder, int (*see)(void *context, const struct folder_file *file),
                void *context);

/* folder_fail: logs that something failed (errno) and returns ERROR_IO. */
int folder_fail(const char *folder, const char *what);

#endif
