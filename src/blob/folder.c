#include "blob/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/log.h"
#include "blob/engine.h"

static const char part_suffix[] = ".part";

int folder_fail(const char *folder, const char *what)
{
    log_error("UPLOAD_DIR %s: cannot %s: %s", folder, what, strerror(errno));
    return ERROR_IO;
}

void folder_part(char part[static FOLDER_PART_SIZE], const char *name)
{
    snprintf(part, FOLDER_PART_SIZE, "%s%s", name, part_suffix);
}

int folder_open(const char *folder)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return errno == ENOENT ? ERROR_NOT_FOUND : folder_fail(folder, "open it");
    return descriptor;
}

int folder_create_part(const char *folder, const char *name)
{
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return folder_fail(folder, "create it");
    CLEANUP_CLOSE int directory = folder_open(folder);
    if (directory < 0)
        return ERROR_IO;
    char part[FOLDER_PART_SIZE];
    folder_part(part, name);
    int file = openat(directory, part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return file < 0 ? folder_fail(folder, "create a file") : file;
}

int folder_create_scratch(const char *folder)
{
    char name[UUID_SIZE];
    char part[FOLDER_PART_SIZE];
    uuid_format(name);
    folder_part(part, name);
    int descriptor = folder_create_part(folder, name);
    int error = descriptor < 0 ? descriptor : folder_remove(folder, part);
    if (error < 0 && descriptor >= 0)
        close(descriptor);
    return error < 0 ? error : descriptor;
}

int folder_write(const char *folder, int descriptor, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(descriptor, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return folder_fail(folder, "write");
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

int folder_remove(const char *folder, const char *file)
{
    CLEANUP_CLOSE int directory = folder_open(folder);
    if (directory < 0)
        return directory == ERROR_NOT_FOUND ? 0 : directory;
    bool gone = unlinkat(directory, file, 0) == 0 || errno == ENOENT;
    return gone ? 0 : folder_fail(folder, "remove a file");
}

/* 1 when the file was removed, 0 when it stays, or an error. */
static int see_file(int directory, const char *file,
                    int (*see)(void *context, const struct folder_file *file), void *context)
{
    struct folder_file found = {.name = text_from(file)};
    found.is_part =
        found.name.length == FOLDER_PART_SIZE - 1 && strcmp(file + UUID_SIZE - 1, part_suffix) == 0;
    if (found.is_part)
        found.name.length = UUID_SIZE - 1;
    struct stat status;
    if (!blob_is_name(found.name) || fstatat(directory, file, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return 0; /* not ours, or gone meanwhile */
    found.modified = status.st_mtim.tv_sec * CLOCK_SECOND + status.st_mtim.tv_nsec / 1000;
    int unwanted = see(context, &found);
    if (unwanted <= 0)
        return unwanted;
    return unlinkat(directory, file, 0) == 0 || errno == ENOENT ? 1 : ERROR_IO;
}

int folder_each(const char *folder, int (*see)(void *context, const struct folder_file *file),
                void *context)
{
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return errno == ENOENT ? 0 : folder_fail(folder, "read it");
    int removed = 0;
    int error = 0;
    struct dirent *entry;
    while (error >= 0 && (entry = readdir(directory)) != NULL) {
        error = see_file(dirfd(directory), entry->d_name, see, context);
        removed += error > 0;
    }
    closedir(directory);
    return error < 0 ? error : removed;
}
