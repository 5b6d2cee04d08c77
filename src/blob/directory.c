/*
 * directory.c: blobs as files of the folder that they arrived in.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/memory.h"
#include "blob/engine.h"
#include "blob/folder.h"

struct directory {
    const char *folder;
};

void *directory_create(const char *folder)
{
    struct directory *directory = memory_allocate(sizeof *directory);
    directory->folder = folder;
    return directory;
}

static int directory_keep(void *store, const struct blob *blob)
{
    const struct directory *directory = store;
    char part[FOLDER_PART_SIZE];
    folder_part(part, blob->name);
    CLEANUP_CLOSE int folder = folder_open(directory->folder);
    if (folder < 0)
        return ERROR_IO;
    bool named = fsync(blob->descriptor) == 0 && renameat(folder, part, folder, blob->name) == 0;
    if (named && fsync(folder) == 0)
        return 0;
    int error = folder_fail(directory->folder, "make a file durable");
    if (named)
        unlinkat(folder, blob->name, 0);
    return error;
}

static int directory_open(void *store, const char *name, uint64_t offset, uint64_t length,
                          struct blob_view *ret_view)
{
    (void)length; /* the file is there as it is */
    const struct directory *directory = store;
    CLEANUP_CLOSE int folder = folder_open(directory->folder);
    if (folder < 0)
        return folder;
    int descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return errno == ENOENT ? ERROR_NOT_FOUND : folder_fail(directory->folder, "read a file");
    *ret_view = (struct blob_view){descriptor, offset};
    return 0;
}

static int directory_remove(void *store, const char *name)
{
    const struct directory *directory = store;
    return folder_remove(directory->folder, name);
}

struct sweep {
    const struct blob_census *census;
};

static int is_unwanted(void *context, const struct folder_file *file)
{
    const struct blob_census *census = ((const struct sweep *)context)->census;
    if (file->is_part || file->modified > census->spared_since)
        return 0; /* blob.c sees to parts */
    int known = census->is_known(census->context, file->name);
    return known < 0 ? known : known == 0;
}

static int directory_sweep(void *store, const struct blob_census *census)
{
    const struct directory *directory = store;
    struct sweep sweep = {census};
    return folder_each(directory->folder, is_unwanted, &sweep);
}

static int directory_check(void *store)
{
    const struct directory *directory = store;
    bool usable = access(directory->folder, R_OK | W_OK | X_OK) == 0 || errno == ENOENT;
    return usable ? 0 : folder_fail(directory->folder, "use it");
}

const struct blob_engine directory_engine = {
    .keep = directory_keep,
    .open = directory_open,
    .remove = directory_remove,
    .sweep = directory_sweep,
    .check = directory_check,
    .free = free,
};
