/*
 * file.h: files attached to tasks.
 *
 * A file is a row here and bytes in a blob (blob/blob.h). The row is committed when the bytes are
 * durable; with the row goes, in one transaction, a note that the bytes are unused, and after the
 * commit the bytes. What a crash leaves between is found at the next start (domain/file_sweep.h).
 * So a file that is listed can be read, and bytes without a row do not stay.
 *
 * Who may read a task may list and read its files; who may update it may add and delete them.
 */
#ifndef ERRAND_DOMAIN_FILE_H
#define ERRAND_DOMAIN_FILE_H

#include "db/db.h"
#include "domain/services.h"
#include "schema/field.h"

struct file {
    int64_t id;
    int64_t task_id;
    struct text original_filename;
    int64_t file_size;
    struct text content_type;
    struct text sha256;
    int64_t uploaded_at;
    struct text blob;
};

extern const struct schema file_schema;

/* file_name_clean: what of a name that a client sent is kept: its last path component, without
 * control characters and marks of direction, in valid UTF-8, of at most 255 bytes with its
 * extension. May be empty. */
struct text file_name_clean(struct arena *arena, struct text name);

/* file_name_extension: ".txt" in lower case, or "". */
struct text file_name_extension(struct arena *arena, struct text name);

/* file_extension_is_allowed: by the comma list `allowed`. */
bool file_extension_is_allowed(struct text extension, struct text allowed);

/* file_type_of: the content type of a file with that extension whose bytes look like `detected`;
 * NULL when they do not match. */
const char *file_type_of(struct text extension, const char *detected);

/* file_check: whether the actor may add files to a task. ERROR_NOT_FOUND, ERROR_FORBIDDEN. */
int file_check(struct services *services, struct arena *arena, const struct actor *actor,
               int64_t task_id);

/* file_add: the row of a blob that is committed; sets id and uploaded_at. As file_check. */
int file_add(struct services *services, struct arena *arena, const struct actor *actor,
             struct file *file);

/* file_list: the files of a task, oldest first. As file_check. */
int file_list(struct services *services, struct arena *arena, const struct actor *actor,
              int64_t task_id, struct schema_list *ret_files);

/* file_find: ERROR_NOT_FOUND, ERROR_FORBIDDEN. */
int file_find(struct services *services, struct arena *arena, const struct actor *actor, int64_t id,
              struct file *ret_file);

/* file_delete: the row, and then the bytes. As file_find. */
int file_delete(struct services *services, struct arena *arena, const struct actor *actor,
                int64_t id);

/* file_delete_of_task: in the transaction that deletes the task. */
int file_delete_of_task(struct db_connection *connection, struct arena *arena,
                        const struct actor *actor, int64_t task_id);

/* file_collect: removes the bytes of deleted files; how many. What fails is left to the next call.
 */
int file_collect(struct services *services, int64_t *ret_count);

#endif
