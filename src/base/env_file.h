/*
 * env_file.h: reads `.env` files.
 *
 * The format is the one that dotenv tools share: NAME=VALUE lines, `export ` before the name is
 * allowed, `#` starts a comment at the start of a line or after white space, a value may stand in
 * single quotes (taken as it is) or double quotes (with \n, \", \\ and \$ escapes).
 */
#ifndef ERRAND_BASE_ENV_FILE_H
#define ERRAND_BASE_ENV_FILE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct env_entry {
    const char *name;
    const char *value;
    int line;
};

struct env_file {
    struct env_entry *entries;
    size_t count;
};

/* env_file_read: the entries of the file at `path`, which live in `arena`; none when it does not
 * exist. ERROR_INVALID or ERROR_IO with a message that names file and line. */
int env_file_read(struct env_file *file, struct arena *arena, const char *path,
                  struct text *ret_message);

/* env_file_find: the value of `name` (the last one, when it stands twice), or NULL. */
const char *env_file_find(const struct env_file *file, const char *name);

#endif
