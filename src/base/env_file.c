#include "base/env_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

enum { MAX_ENTRIES = 256, MAX_VALUE = 65536 };

static bool is_name(struct text name)
{
    if (name.length == 0 || (name.data[0] >= '0' && name.data[0] <= '9'))
        return false;
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return true;
}

/* A value in quotes: the text between them, and nothing but a comment after. */
static int parse_quoted(struct text text, struct buffer *out)
{
    char quote = text.data[0];
    size_t at = 1;
    for (; at < text.length && text.data[at] != quote; at++) {
        char c = text.data[at];
        if (quote == '"' && c == '\\' && at + 1 < text.length) {
            c = text.data[++at];
            if (c == 'n')
                c = '\n';
        }
        buffer_add_char(out, c);
    }
    if (at >= text.length)
        return ERROR_INVALID;
    struct text after = text_trim((struct text){text.data + at + 1, text.length - at - 1});
    return after.length == 0 || after.data[0] == '#' ? 0 : ERROR_INVALID;
}

static int parse_value(struct text text, struct buffer *out)
{
    if (text.length > 0 && (text.data[0] == '"' || text.data[0] == '\''))
        return parse_quoted(text, out);
    for (size_t at = 0; at < text.length; at++) {
        if (text.data[at] == '#' &&
            (at == 0 || text.data[at - 1] == ' ' || text.data[at - 1] == '\t')) {
            text.length = at;
            break;
        }
    }
    buffer_add_text(out, text_trim(text));
    return 0;
}

static int parse_line(struct text line, struct arena *arena, struct env_entry *ret_entry)
{
    struct text name;
    struct text rest = line;
    if (text_starts_with(rest, TEXT("export ")))
        rest = text_trim((struct text){rest.data + 7, rest.length - 7});
    if (memchr(rest.data, '=', rest.length) == NULL || !text_split(&rest, '=', &name))
        return ERROR_INVALID;
    name = text_trim(name);
    struct buffer value;
    buffer_init(&value, arena, MAX_VALUE);
    if (!is_name(name) || parse_value(text_trim(rest), &value) < 0 || buffer_overflowed(&value))
        return ERROR_INVALID;
    ret_entry->name = arena_copy(arena, name).data;
    ret_entry->value = arena_copy(arena, buffer_text(&value)).data;
    return 0;
}

static void close_file(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

int env_file_read(struct env_file *file, struct arena *arena, const char *path,
                  struct text *ret_message)
{
    *file = (struct env_file){0};
    __attribute__((cleanup(close_file))) FILE *stream = fopen(path, "re");
    if (stream == NULL && errno == ENOENT)
        return 0;
    if (stream == NULL) {
        *ret_message = arena_format(arena, "%s: %s", path, strerror(errno));
        return ERROR_IO;
    }
    file->entries = arena_allocate(arena, MAX_ENTRIES * sizeof *file->entries);
    CLEANUP_FREE char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    for (int number = 1; (length = getline(&line, &capacity, stream)) >= 0; number++) {
        struct text text = text_trim((struct text){line, (size_t)length});
        if (text.length == 0 || text.data[0] == '#')
            continue;
        struct env_entry entry = {.line = number};
        if (file->count == MAX_ENTRIES || parse_line(text, arena, &entry) < 0) {
            *ret_message = arena_format(arena, "%s:%d: expected NAME=VALUE", path, number);
            return ERROR_INVALID;
        }
        file->entries[file->count++] = entry;
    }
    return 0;
}

const char *env_file_find(const struct env_file *file, const char *name)
{
    for (size_t i = file->count; i > 0; i--) {
        if (strcmp(file->entries[i - 1].name, name) == 0)
            return file->entries[i - 1].value;
    }
    return NULL;
}
