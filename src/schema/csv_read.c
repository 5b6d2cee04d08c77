/*
 * csv_read.c: libcsv splits, this adds the bounds and the columns.
 *
 * libcsv keeps one cell; cells of the row under way are copied to the arena of the moment. Its
 * memory for a cell ends at CSV_FIELD_LIMIT, so a quote that never closes cannot eat the machine.
 */
#include <csv.h>
#include <stdlib.h>

#include "base/error.h"
#include "schema/csv.h"

enum {
    PIECE = 16384, /* bytes handed to libcsv at once */
    OPTIONS = CSV_REPALL_NL | CSV_EMPTY_IS_NULL,
};

struct csv_reader {
    struct csv_parser parser;
    struct arena *columns_arena;
    struct arena *arena; /* of the row under way */
    csv_row_fn *fn;
    void *argument;
    const char *required;

    struct text columns[CSV_CELLS_LIMIT];
    size_t column_count; /* 0 before the first row */

    struct text cells[CSV_CELLS_LIMIT];
    size_t cell_count;
    size_t row_length; /* bytes of its cells */

    int64_t line;      /* where the row under way starts */
    int64_t newlines;  /* inside its cells */
    bool after_return; /* the last line ended in CR: a LF belongs to it */
    uint64_t position; /* bytes that came */

    bool stopped; /* the rest cannot be told apart into rows */
    int error;
    const char *message;
};

static void release(void *resource)
{
    struct csv_reader *reader = resource;
    csv_free(&reader->parser);
}

static void *resize_cell(void *block, size_t size)
{
    return size > CSV_FIELD_LIMIT ? NULL : realloc(block, size);
}

struct csv_reader *csv_reader_create(struct arena *arena, const char *required, csv_row_fn *fn,
                                     void *argument)
{
    struct csv_reader *reader = arena_allocate_zeroed(arena, sizeof *reader);
    csv_init(&reader->parser, OPTIONS);
    csv_set_realloc_func(&reader->parser, resize_cell);
    arena_defer(arena, release, reader);
    reader->columns_arena = arena;
    reader->arena = arena;
    reader->fn = fn;
    reader->argument = argument;
    reader->required = required;
    reader->line = 1;
    return reader;
}

void csv_reader_set_arena(struct csv_reader *reader, struct arena *arena)
{
    reader->arena = arena;
}

const char *csv_reader_message(const struct csv_reader *reader)
{
    return reader->message;
}

static int fail(struct csv_reader *reader, const char *message)
{
    reader->error = ERROR_INVALID;
    reader->message = message;
    return ERROR_INVALID;
}

/* Newlines inside a cell are lines of the file. */
static int64_t count_lines(struct text cell)
{
    int64_t count = 0;
    for (size_t i = 0; i < cell.length; i++) {
        bool return_alone =
            cell.data[i] == '\r' && (i + 1 == cell.length || cell.data[i + 1] != '\n');
        count += cell.data[i] == '\n' || return_alone;
    }
    return count;
}

static void take_cell(void *data, size_t length, void *context)
{
    struct csv_reader *reader = context;
    struct text cell = {data, data == NULL ? 0 : length};
    reader->after_return = false;
    reader->newlines += count_lines(cell);
    reader->row_length += cell.length;
    if (reader->error < 0)
        return;
    struct arena *arena = reader->column_count == 0 ? reader->columns_arena : reader->arena;
    if (reader->cell_count < CSV_CELLS_LIMIT && reader->row_length <= CSV_ROW_LIMIT)
        reader->cells[reader->cell_count] = cell.data == NULL ? TEXT_NULL : arena_copy(arena, cell);
    reader->cell_count++;
}

static struct text in_lower_case(struct arena *arena, struct text name)
{
    struct text copy = arena_copy(arena, text_trim(name));
    char *at = (char *)copy.data;
    for (size_t i = 0; i < copy.length; i++)
        at[i] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] - 'A' + 'a' : at[i]);
    return copy;
}

static int take_columns(struct csv_reader *reader)
{
    if (reader->cell_count > CSV_CELLS_LIMIT || reader->row_length > CSV_ROW_LIMIT)
        return fail(reader, "The first line is too long");
    bool has_required = false;
    for (size_t i = 0; i < reader->cell_count; i++) {
        struct text cell = reader->cells[i];
        if (cell.data == NULL)
            cell = TEXT("");
        reader->columns[i] = in_lower_case(reader->columns_arena, cell);
        has_required = has_required || text_is(reader->columns[i], reader->required);
        for (size_t j = 0; j < i; j++) {
            if (cell.length > 0 && text_equal(reader->columns[i], reader->columns[j]))
                return fail(reader, "The first line names a column twice");
        }
    }
    if (!has_required)
        return fail(reader, arena_format(reader->columns_arena,
                                         "The first line must name the columns, with \"%s\" among "
                                         "them",
                                         reader->required)
                                .data);
    reader->column_count = reader->cell_count;
    return 0;
}

static const char *check_row(const struct csv_reader *reader)
{
    if (reader->row_length > CSV_ROW_LIMIT)
        return "The row is too long";
    if (reader->cell_count > reader->column_count)
        return "The row has more cells than the first line names columns";
    return NULL;
}

static int take_row(struct csv_reader *reader)
{
    struct csv_row row = {
        .line = reader->line, .length = reader->row_length, .wrong = check_row(reader)};
    struct parameter cells[CSV_CELLS_LIMIT];
    if (row.wrong == NULL) {
        row.cells.items = cells;
        for (size_t i = 0; i < reader->cell_count; i++) {
            if (reader->cells[i].data != NULL)
                cells[row.cells.count++] = (struct parameter){reader->columns[i], reader->cells[i]};
        }
    }
    return reader->fn(reader->argument, &row);
}

/* A line end outside of quotes; -1 for the end of a file without one. */
static void take_line_end(int terminator, void *context)
{
    struct csv_reader *reader = context;
    bool second_half = terminator == '\n' && reader->after_return && reader->cell_count == 0;
    if (reader->error >= 0 && reader->cell_count > 0)
        reader->error = reader->column_count == 0 ? take_columns(reader) : take_row(reader);
    reader->line += reader->newlines + (second_half ? 0 : 1);
    reader->after_return = terminator == '\r';
    reader->newlines = 0;
    reader->cell_count = 0;
    reader->row_length = 0;
}

/* The byte order mark, of which the first bytes may come alone. */
static struct text skip_mark(struct csv_reader *reader, struct text bytes)
{
    static const char mark[] = "\xEF\xBB\xBF";
    while (bytes.length > 0 && reader->position < 3 && bytes.data[0] == mark[reader->position]) {
        bytes.data++;
        bytes.length--;
        reader->position++;
    }
    if (bytes.length > 0)
        reader->position = 3;
    return bytes;
}

static int parse(struct csv_reader *reader, struct text piece)
{
    size_t parsed =
        csv_parse(&reader->parser, piece.data, piece.length, take_cell, take_line_end, reader);
    if (parsed == piece.length || reader->error < 0)
        return reader->error;
    if (reader->column_count == 0)
        return fail(reader, "The first line is too long");
    const struct csv_row row = {
        .line = reader->line,
        .wrong = "The row is too long, perhaps for a quote that is not closed; nothing behind it "
                 "was read",
    };
    reader->stopped = true;
    reader->error = reader->fn(reader->argument, &row);
    return reader->error;
}

int csv_reader_feed(struct csv_reader *reader, struct text bytes)
{
    bytes = skip_mark(reader, bytes);
    while (bytes.length > 0 && reader->error >= 0 && !reader->stopped) {
        struct text piece = {bytes.data, bytes.length < PIECE ? bytes.length : PIECE};
        parse(reader, piece);
        bytes.data += piece.length;
        bytes.length -= piece.length;
    }
    return reader->error < 0 ? reader->error : 0;
}

int csv_reader_finish(struct csv_reader *reader)
{
    if (reader->error < 0)
        return reader->error;
    if (reader->stopped)
        return 0;
    /* Only now, since to be strict on the way is to refuse quotes inside a cell. */
    csv_set_opts(&reader->parser, OPTIONS | CSV_STRICT | CSV_STRICT_FINI);
    if (csv_fini(&reader->parser, take_cell, take_line_end, reader) != 0 && reader->error >= 0 &&
        reader->column_count > 0) {
        const struct csv_row row = {.line = reader->line, .wrong = "A quote is not closed"};
        reader->error = reader->fn(reader->argument, &row);
    }
    if (reader->error >= 0 && reader->column_count == 0)
        return fail(reader, "There is no first line that names the columns");
    return reader->error < 0 ? reader->error : 0;
}
