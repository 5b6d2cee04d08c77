/*
 * test_csv.c: rows of text, written and read.
 */
#include "schema/csv.h"

#include "base/error.h"
#include "support.h"

/* What a reader told: "line:name=value,name=value;" for each row, "line!" for a bad one. */
struct told {
    struct arena arena;
    struct buffer text;
    struct csv_reader *reader;
    int stop_with;
};

static void release(struct told *told)
{
    arena_release(&told->arena);
}
#define CLEANUP_TOLD __attribute__((cleanup(release)))

static int tell(void *argument, const struct csv_row *row)
{
    struct told *told = argument;
    buffer_format(&told->text, "%jd%s", (intmax_t)row->line, row->wrong == NULL ? ":" : "!");
    for (size_t i = 0; i < row->cells.count; i++)
        buffer_format(&told->text, "%s%.*s=%.*s", i == 0 ? "" : ",",
                      TEXT_ARGUMENTS(row->cells.items[i].name),
                      TEXT_ARGUMENTS(row->cells.items[i].value));
    buffer_add_char(&told->text, ';');
    return told->stop_with;
}

static void start(struct told *told)
{
    buffer_init(&told->text, &told->arena, 1 << 20);
    told->reader = csv_reader_create(&told->arena, "a", tell, told);
}

/* Reads `file` in pieces of `size` bytes. */
static int read_in_pieces(struct told *told, struct text file, size_t size)
{
    start(told);
    int error = 0;
    while (file.length > 0 && error == 0) {
        size_t length = file.length < size ? file.length : size;
        error = csv_reader_feed(told->reader, (struct text){file.data, length});
        file = (struct text){file.data + length, file.length - length};
    }
    return error == 0 ? csv_reader_finish(told->reader) : error;
}

TEST(rows_are_told_under_their_columns)
{
    static const struct {
        struct text file;
        const char *told;
    } rows[] = {
        {BYTES("a,b\n1,2\n3,4\n"), "2:a=1,b=2;3:a=3,b=4;"},
        {BYTES("a,b\r\n1,2\r\n3,4"), "2:a=1,b=2;3:a=3,b=4;"},
        {BYTES("a,b\r1,2\r3,4\r"), "2:a=1,b=2;3:a=3,b=4;"},
        {BYTES("\xEF\xBB\xBF"
               "a\n1\n"),
         "2:a=1;"},
        {BYTES(" B , A \n1,2\n"), "2:b=1,a=2;"},
        {BYTES("a,b\n,2\n\"\",2\n"), "2:b=2;3:a=,b=2;"},
        {BYTES("a,b\n\n  \n1\n\n2,3\n"), "4:a=1;6:a=2,b=3;"},
        {BYTES("a,b\n\"1\n2\r\n3\",4\n5,6\n"), "2:a=1\n2\r\n3,b=4;5:a=5,b=6;"},
        {BYTES("a\n\"say \"\"so\"\"\"\n"), "2:a=say \"so\";"},
        {BYTES("a\n\"  kept \"\n  not \n"), "2:a=  kept ;3:a=not;"},
        {BYTES("a,b\n1,2,3\n4,5\n"), "2!;3:a=4,b=5;"},
        {BYTES("a\n\"open\n"), "2!;"},
        {BYTES("a\n"), ""},
        {BYTES("a"), ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t size = 1; size <= rows[i].file.length; size++) {
            CLEANUP_TOLD struct told told = {0};
            assert_int_equal(read_in_pieces(&told, rows[i].file, size), 0);
            buffer_add_char(&told.text, '\0');
            assert_string_equal(told.text.data, rows[i].told);
        }
    }
}

TEST(a_file_without_the_columns_is_refused)
{
    static const struct {
        struct text file;
        const char *message;
    } rows[] = {
        {BYTES(""), "There is no first line that names the columns"},
        {BYTES("\n\n\n"), "There is no first line that names the columns"},
        {BYTES("b,c\n1,2\n"), "The first line must name the columns, with \"a\" among them"},
        {BYTES("a,b,a\n1,2,3\n"), "The first line names a column twice"},
        {BYTES("\0\1\2\3\xFF"), "The first line must name the columns, with \"a\" among them"},
        {BYTES("\"a"), "There is no first line that names the columns"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP_TOLD struct told told = {0};
        assert_int_equal(read_in_pieces(&told, rows[i].file, 5), ERROR_INVALID);
        assert_string_equal(csv_reader_message(told.reader), rows[i].message);
        assert_int_equal(told.text.length, 0);
    }
}

/* `count` times `c`. */
static struct text run_of(struct arena *arena, char c, size_t count)
{
    char *bytes = arena_allocate(arena, count);
    memset(bytes, c, count);
    return (struct text){bytes, count};
}

TEST(a_row_that_is_too_long_is_told_and_passed_over)
{
    CLEANUP_TOLD struct told told = {0};
    start(&told);
    assert_int_equal(csv_reader_feed(told.reader, TEXT("a,b\n1,")), 0);
    assert_int_equal(csv_reader_feed(told.reader, run_of(&told.arena, 'x', CSV_ROW_LIMIT + 1)), 0);
    assert_int_equal(csv_reader_feed(told.reader, TEXT("\n2,3\n")), 0);
    assert_int_equal(csv_reader_feed(told.reader, run_of(&told.arena, ',', 100000)), 0);
    assert_int_equal(csv_reader_feed(told.reader, TEXT("\n4,5\n")), 0);
    assert_int_equal(csv_reader_finish(told.reader), 0);
    assert_text(buffer_text(&told.text), "2!;3:a=2,b=3;4!;5:a=4,b=5;");
}

TEST(a_quote_that_never_closes_ends_the_reading)
{
    CLEANUP_TOLD struct told told = {0};
    start(&told);
    assert_int_equal(csv_reader_feed(told.reader, TEXT("a,b\n1,2\n\"")), 0);
    for (int i = 0; i < 64; i++)
        assert_int_equal(csv_reader_feed(told.reader, run_of(&told.arena, 'x', 65536)), 0);
    assert_int_equal(csv_reader_finish(told.reader), 0);
    assert_text(buffer_text(&told.text), "2:a=1,b=2;3!;");
}

TEST(an_error_of_the_receiver_ends_the_reading)
{
    CLEANUP_TOLD struct told told = {.stop_with = ERROR_BUSY};
    assert_int_equal(read_in_pieces(&told, TEXT("a\n1\n2\n3\n"), 100), ERROR_BUSY);
    assert_text(buffer_text(&told.text), "2:a=1;");
    assert_int_equal(csv_reader_finish(told.reader), ERROR_BUSY);
}

struct line {
    int64_t number;
    struct text text;
    int64_t date;
};

static const struct field line_fields[] = {
    {.name = "number", .type = FIELD_INTEGER, .offset = offsetof(struct line, number)},
    {.name = "text", .type = FIELD_TEXT, .offset = offsetof(struct line, text)},
    {.name = "date", .type = FIELD_DATE, .offset = offsetof(struct line, date)},
};
static const struct schema line_schema = {.name = "Line", SCHEMA_FIELDS(line_fields)};

static struct text written(struct arena *arena, struct text text)
{
    struct buffer out;
    buffer_init(&out, arena, 1 << 16);
    const struct line line = {7, text, FIELD_INTEGER_NULL};
    csv_write_row(&line_schema, &line, &out);
    return buffer_text(&out);
}

TEST(null_and_empty_and_quotes_are_told_apart)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct buffer out;
    buffer_init(&out, &arena, 1 << 16);
    csv_write_names(&line_schema, &out);
    assert_text(buffer_text(&out), "number,text,date\r\n");
    assert_text(written(&arena, TEXT_NULL), "7,,\r\n");
    assert_text(written(&arena, TEXT("")), "7,\"\",\r\n");
    assert_text(written(&arena, TEXT("say \"so\",\nthen")), "7,\"say \"\"so\"\",\nthen\",\r\n");
    assert_text(written(&arena, TEXT("\"")), "7,\"\"\"\",\r\n");
}

TEST(what_would_be_a_formula_is_guarded)
{
    static const struct {
        struct text text;
        const char *row;
    } rows[] = {
        {BYTES("=1+1"), "7,\"'=1+1\",\r\n"}, {BYTES("+1"), "7,\"'+1\",\r\n"},
        {BYTES("-1"), "7,\"'-1\",\r\n"},     {BYTES("@x"), "7,\"'@x\",\r\n"},
        {BYTES("\tx"), "7,\"'\tx\",\r\n"},   {BYTES("\rx"), "7,\"'\rx\",\r\n"},
        {BYTES("'=1"), "7,\"''=1\",\r\n"},   {BYTES("'tis"), "7,\"'tis\",\r\n"},
        {BYTES("1-1"), "7,\"1-1\",\r\n"},    {BYTES("'"), "7,\"'\",\r\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP_ARENA struct arena arena = {0};
        assert_text(written(&arena, rows[i].text), rows[i].row);
    }
}

static int keep_text(void *argument, const struct csv_row *row)
{
    struct text *kept = argument;
    *kept = parameters_find(&row->cells, "text");
    return 0;
}

TEST(what_is_written_is_read_back)
{
    static const char characters[] = "'=+-@\t\r\n\", ax";
    struct dice dice = {5};
    for (int i = 0; i < 2000; i++) {
        CLEANUP_ARENA struct arena arena = {0};
        char text[12];
        size_t length = dice_below(&dice, sizeof text);
        for (size_t at = 0; at < length; at++)
            text[at] = characters[dice_below(&dice, sizeof characters - 1)];
        struct text original = {text, length};
        struct text kept = TEXT_NULL;
        struct csv_reader *reader = csv_reader_create(&arena, "number", keep_text, &kept);
        assert_int_equal(csv_reader_feed(reader, TEXT("number,text,date\n")), 0);
        assert_int_equal(csv_reader_feed(reader, written(&arena, original)), 0);
        assert_int_equal(csv_reader_finish(reader), 0);
        assert_true(text_equal(csv_unguard(kept), original));
    }
}

UNIT_TESTS(cmocka_unit_test(rows_are_told_under_their_columns),
           cmocka_unit_test(a_file_without_the_columns_is_refused),
           cmocka_unit_test(a_row_that_is_too_long_is_told_and_passed_over),
           cmocka_unit_test(a_quote_that_never_closes_ends_the_reading),
           cmocka_unit_test(an_error_of_the_receiver_ends_the_reading),
           cmocka_unit_test(null_and_empty_and_quotes_are_told_apart),
           cmocka_unit_test(what_would_be_a_formula_is_guarded),
           cmocka_unit_test(what_is_written_is_read_back))
