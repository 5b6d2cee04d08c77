/*
 * row.h: a resource's stored fields as SQL columns, by its schema.
 *
 * A stored field's column has the field's name. So a table's column list is written nowhere but in
 * its schema, and reading, inserting, changing and describing a row all follow it.
 */
#ifndef ERRAND_DOMAIN_ROW_H
#define ERRAND_DOMAIN_ROW_H

#include "base/json.h"
#include "domain/sql.h"
#include "schema/field.h"

/* row_add_columns: the stored columns, "id, title, ...". */
void row_add_columns(struct sql *sql, const struct schema *schema);

/* A column that no field stands for. */
struct row_column {
    const char *name;
    struct db_value value;
};

/* row_add_insert: "(title, ...) VALUES ($1, ...)", with the `extra` columns behind those of the
 * schema and the column `id` left to the database. */
void row_add_insert(struct sql *sql, const struct schema *schema, const void *structure,
                    const struct row_column *extra, size_t extra_count);

/* row_add_assignments: "title = $1, ..." for the stored fields among `fields`. */
void row_add_assignments(struct sql *sql, const struct schema *schema, uint64_t fields,
                         const void *structure);

/* row_decode: the current row's columns, as row_add_columns lists them from the first, into
 * `structure`; texts are copied to `arena`. Returns how many columns those were. */
int row_decode(const struct schema *schema, const struct db_rows *rows, struct arena *arena,
               void *structure);

/* row_changed: the stored fields that a client may write and that differ. */
uint64_t row_changed(const struct schema *schema, const void *before, const void *after);

/* row_describe_changes: {"title":["old","new"],...} of the stored fields that a client may write,
 * as the event log keeps it. Either structure may be NULL: nothing there before, or after. */
void row_describe_changes(const struct schema *schema, const void *before, const void *after,
                          struct json *json);

#endif
