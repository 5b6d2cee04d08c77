/*
 * test_env_file.c: reading .env files.
 */
#include "base/env_file.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "support.h"

struct reading {
    struct arena arena;
    struct folder folder;
    struct env_file file;
    const char *path;
    struct text message;
};

static void reading_release(struct reading *reading)
{
    folder_cleanup(&reading->folder);
    arena_release(&reading->arena);
}

#define READING(name)                                                                              \
    __attribute__((cleanup(reading_release))) struct reading name = {0};                           \
    folder_create(&name.folder)

static int read_content(struct reading *reading, struct text content)
{
    reading->path = folder_file(&reading->folder, &reading->arena, ".env");
    file_write(reading->path, content);
    return env_file_read(&reading->file, &reading->arena, reading->path, &reading->message);
}

TEST(reads_one_value_as_dotenv_tools_do)
{
    static const struct {
        const char *line;
        const char *value;
    } rows[] = {
        {"NAME=value", "value"},
        {"NAME=", ""},
        {"  NAME = spaced out  ", "spaced out"},
        {"export NAME=value", "value"},
        {"export   NAME=value", "value"},
        {"NAME=a=b=c", "a=b=c"},
        {"NAME=value # a comment", "value"},
        {"NAME=value\t# a comment", "value"},
        {"NAME=# nothing but a comment", ""},
        {"NAME=va#lue", "va#lue"},
        {"NAME='single # $ \\n \"quoted\"'", "single # $ \\n \"quoted\""},
        {"NAME=\"a\\nb \\\"c\\\" \\\\ \\$d # e\"", "a\nb \"c\" \\ $d # e"},
        {"NAME=\"quoted\" # a comment", "quoted"},
        {"NAME=''", ""},
        {"NAME=\"  kept  \"", "  kept  "},
        {"NAME=carriage\r", "carriage"},
        {"NAME=h\xC3\xA9", "h\xC3\xA9"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        READING(reading);
        assert_int_equal(read_content(&reading, text_from(rows[i].line)), 0);
        assert_int_equal(reading.file.count, 1);
        assert_string_equal(env_file_find(&reading.file, "NAME"), rows[i].value);
    }
}

TEST(passes_over_comments_and_blank_lines_and_counts_them)
{
    READING(reading);
    assert_int_equal(read_content(&reading, TEXT("# first\n\n  \t\n  # indented\nA=1\nB_2=2\n")),
                     0);
    assert_int_equal(reading.file.count, 2);
    assert_string_equal(reading.file.entries[0].name, "A");
    assert_int_equal(reading.file.entries[0].line, 5);
    assert_string_equal(reading.file.entries[1].name, "B_2");
    assert_int_equal(reading.file.entries[1].line, 6);
}

TEST(the_last_of_equal_names_counts)
{
    READING(reading);
    assert_int_equal(read_content(&reading, TEXT("A=1\nB=2\nA=3")), 0);
    assert_string_equal(env_file_find(&reading.file, "A"), "3");
    assert_null(env_file_find(&reading.file, "a"));
    assert_null(env_file_find(&reading.file, "C"));
}

TEST(a_bad_line_is_named)
{
    static const char *const lines[] = {
        "NAME",       "=value",      "1NAME=value",     "NA ME=value", "NA-ME=value",
        "export",     "NAME='open",  "NAME=\"open\\\"", "NAME='a' b",  "NAME=\"a\"b",
        "\xFF=value", "export =abc", "NAME.x=value",
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        READING(reading);
        struct text content = arena_format(&reading.arena, "GOOD=1\n\n%s\n", lines[i]);
        assert_int_equal(read_content(&reading, content), ERROR_INVALID);
        struct text expected =
            arena_format(&reading.arena, "%s:3: expected NAME=VALUE", reading.path);
        assert_text(reading.message, expected.data);
    }
}

TEST(a_value_beyond_the_limit_is_refused_not_emptied)
{
    READING(reading);
    struct text content = arena_format(&reading.arena, "NAME=%0100000d\n", 1);
    assert_int_equal(read_content(&reading, content), ERROR_INVALID);
}

TEST(a_file_that_is_not_there_has_no_entries)
{
    READING(reading);
    const char *path = folder_file(&reading.folder, &reading.arena, "none");
    assert_int_equal(env_file_read(&reading.file, &reading.arena, path, &reading.message), 0);
    assert_int_equal(reading.file.count, 0);
    assert_null(env_file_find(&reading.file, "NAME"));
}

TEST(a_path_that_cannot_be_opened_is_an_error)
{
    READING(reading);
    const char *file = folder_file(&reading.folder, &reading.arena, "file");
    file_write(file, TEXT("A=1"));
    const char *below = folder_file(&reading.folder, &reading.arena, "file/.env");
    assert_int_equal(env_file_read(&reading.file, &reading.arena, below, &reading.message),
                     ERROR_IO);
    assert_non_null(strstr(reading.message.data, below));
}

UNIT_TESTS(cmocka_unit_test(reads_one_value_as_dotenv_tools_do),
           cmocka_unit_test(passes_over_comments_and_blank_lines_and_counts_them),
           cmocka_unit_test(the_last_of_equal_names_counts), cmocka_unit_test(a_bad_line_is_named),
           cmocka_unit_test(a_value_beyond_the_limit_is_refused_not_emptied),
           cmocka_unit_test(a_file_that_is_not_there_has_no_entries),
           cmocka_unit_test(a_path_that_cannot_be_opened_is_an_error))
