/*
 * csv.h: rows of text (RFC 4180).
 *
 * Writing: a structure becomes a row by its schema. Texts are quoted and null is an empty cell
 * without quotes, so both come back as they were. A text that a spreadsheet would take for a
 * formula, because it begins with = + - @, a tab or a carriage return, gets an apostrophe in front.
 * So does one that has apostrophes before such a character, and csv_unguard takes exactly one off
 * again: what was guarded comes back as it was, and "'tis" is left alone both ways.
 *
 * Reading: bytes go in as they come, rows come out. The first row names the columns. Line ends are
 * LF, CRLF or CR; blank lines and a byte order mark at the start are passed over. A row is told by
 * the line it starts on, from 1.
 */
#ifndef ERRAND_SCHEMA_CSV_H
#define ERRAND_SCHEMA_CSV_H

#include "base/buffer.h"
#include "schema/field.h"
#include "schema/parameters.h"

/* csv_write_names, csv_write_row: the first row and the others, write-only fields left out. */
void csv_write_names(const struct schema *schema, struct buffer *out);
void csv_write_row(const struct schema *schema, const void *structure, struct buffer *out);

/* csv_unguard: a text as it was before csv_write_row. */
struct text csv_unguard(struct text text);

enum {
    CSV_ROW_LIMIT = 256 * 1024, /* bytes of a row; a longer one is reported, and reading goes on */
    CSV_FIELD_LIMIT = 1 << 20,  /* bytes of a cell; a quote that never closes ends reading there */
    CSV_CELLS_LIMIT = 64,       /* cells of a row */
};

/* A row under its columns' names. Cells that are empty and not quoted are absent. */
struct csv_row {
    int64_t line;
    size_t length; /* bytes of its cells */
    struct parameters cells;
    const char *wrong; /* what is wrong with the row as a whole; NULL for nothing */
};

/* csv_row_fn: takes a row, whose texts live in the arena of the moment (csv_reader_set_arena).
 * ERROR codes end the reading. */
typedef int csv_row_fn(void *argument, const struct csv_row *row);

struct csv_reader;

/* csv_reader_create: `required` is the column that must be there. The reader goes with `arena`. */
struct csv_reader *csv_reader_create(struct arena *arena, const char *required, csv_row_fn *fn,
                                     void *argument);

/* csv_reader_set_arena: where the texts of rows that start from now on live. For use between rows
 * and inside csv_row_fn. */
void csv_reader_set_arena(struct csv_reader *reader, struct arena *arena);

/* csv_reader_feed, csv_reader_finish: the next bytes; the end. ERROR_INVALID when this is no CSV
 * with the required column, with csv_reader_message saying why; otherwise what csv_row_fn
 * returned. */
int csv_reader_feed(struct csv_reader *reader, struct text bytes);
int csv_reader_finish(struct csv_reader *reader);
const char *csv_reader_message(const struct csv_reader *reader);

#endif
