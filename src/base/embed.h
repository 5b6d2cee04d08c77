/*
 * embed: files of the source tree that travel inside the program.
 *
 * `scripts/embed SYMBOL DIR OUTPUT` writes a C file with every file below DIR and two objects:
 *
 *     const struct embedded_file SYMBOL[];    sorted by name (byte order), then one entry of zeros
 *     const size_t SYMBOL_count;              how many files, the closing entry not counted
 *
 * Who reads them names them once with EMBEDDED_FILES:
 *
 *     EMBEDDED_FILES(embedded_migrations_sqlite);
 *
 *     for (const struct embedded_file *file = embedded_migrations_sqlite; file->name; file++)
 *         ...
 *
 * To embed one more folder, add a line `$(eval $(call embed,SYMBOL,DIR))` to the Makefile; it is
 * rebuilt when one of its files changes. The Makefile does so for each folder of src/db/migrations,
 * as embedded_migrations_<folder>.
 *
 * Everything is read-only and lives as long as the program: nothing to free, safe from any thread.
 */
#ifndef ERRAND_BASE_EMBED_H
#define ERRAND_BASE_EMBED_H

#include <stddef.h>

struct embedded_file {
    const char *name;          /* path below the embedded folder, "0001_users.sql" */
    const unsigned char *data; /* the bytes as they are in the file, then one NUL */
    size_t size;               /* bytes, the NUL not counted */
};

#define EMBEDDED_FILES(symbol)                                                                     \
    extern const struct embedded_file symbol[];                                                    \
    extern const size_t symbol##_count

#endif
