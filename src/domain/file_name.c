/*
 * file_name.c: what is kept of the name of an uploaded file, and what it says of the content.
 */
#include "base/buffer.h"
#include "domain/file.h"

enum { NAME_LIMIT = 255, EXTENSION_LIMIT = 16 };

/* Characters that never belong to a name: controls, and those that change the direction of what
 * stands around them. `character` is one code point in UTF-8. */
static bool is_dropped(struct text character)
{
    static const char *const marks[] = {
        "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC",
        "\xE2\x80\xAD", "\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8",
        "\xE2\x81\xA9", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xEF\xBB\xBF", "\xD8\x9C",
    };
    unsigned char first = (unsigned char)character.data[0];
    if (character.length == 1)
        return first < 0x20 || first == 0x7F;
    if (character.length == 2 && first == 0xC2 && (unsigned char)character.data[1] < 0xA0)
        return true;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (text_is(character, marks[i]))
            return true;
    }
    return false;
}

static struct text last_component(struct text name)
{
    size_t start = name.length;
    while (start > 0 && name.data[start - 1] != '/' && name.data[start - 1] != '\\')
        start--;
    return (struct text){name.data + start, name.length - start};
}

static struct text extension_of(struct text name)
{
    size_t dot = name.length;
    while (dot > 0 && name.data[dot - 1] != '.')
        dot--;
    if (dot == 0 || name.length - dot + 1 > EXTENSION_LIMIT)
        return TEXT("");
    return (struct text){name.data + dot - 1, name.length - dot + 1};
}

struct text file_name_clean(struct arena *arena, struct text name)
{
    name = last_component(name);
    struct buffer kept;
    buffer_init(&kept, arena, name.length + 1);
    bool valid = text_is_valid(name);
    for (size_t i = 0; i < name.length;) {
        struct text rest = {name.data + i, name.length - i};
        struct text character = valid ? text_prefix(rest, 1) : (struct text){rest.data, 1};
        i += character.length;
        if (!valid && (unsigned char)character.data[0] >= 0x80)
            buffer_add_char(&kept, '_');
        else if (!is_dropped(character))
            buffer_add_text(&kept, character);
    }
    struct text whole = text_trim(buffer_text(&kept));
    if (whole.length <= NAME_LIMIT)
        return arena_copy(arena, whole);
    struct text extension = extension_of(whole);
    size_t end = NAME_LIMIT - extension.length;
    while (((unsigned char)whole.data[end] & 0xC0) == 0x80)
        end--;
    return arena_format(arena, "%.*s%.*s", (int)end, whole.data, TEXT_ARGUMENTS(extension));
}

struct text file_name_extension(struct arena *arena, struct text name)
{
    struct text extension = extension_of(name);
    char *lower = arena_allocate(arena, extension.length + 1);
    for (size_t i = 0; i < extension.length; i++) {
        char c = extension.data[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct text){lower, extension.length};
}

bool file_extension_is_allowed(struct text extension, struct text allowed)
{
    struct text one;
    while (text_split(&allowed, ',', &one)) {
        if (extension.length > 0 && text_equal_ignoring_case(text_trim(one), extension))
            return true;
    }
    return false;
}

/* What the bytes may look like to libmagic; a pattern that ends in '/' is a whole kind. Extensions
 * that are not here (an administrator may allow them) take any content. */
static const struct {
    const char *extension;
    const char *type;
    const char *looks; /* comma list */
} types[] = {
    {".jpg", "image/jpeg", "image/jpeg"},
    {".jpeg", "image/jpeg", "image/jpeg"},
    {".png", "image/png", "image/png"},
    {".gif", "image/gif", "image/gif"},
    {".pdf", "application/pdf", "application/pdf"},
    {".txt", "text/plain",
     "text/,application/csv,application/json,application/x-ndjson,application/x-empty,"
     "inode/x-empty,message/,application/javascript"},
    {".csv", "text/csv",
     "text/,application/csv,application/json,application/x-empty,inode/x-empty,message/"},
    {".doc", "application/msword",
     "application/msword,application/CDFV2,application/x-ole-storage,application/vnd.ms-office"},
    {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document,application/zip"},
};

static bool looks_like(const char *detected, struct text patterns)
{
    struct text pattern;
    while (text_split(&patterns, ',', &pattern)) {
        bool whole_kind = pattern.data[pattern.length - 1] == '/';
        if (whole_kind ? text_starts_with(text_from(detected), pattern)
                       : text_is(pattern, detected))
            return true;
    }
    return false;
}

const char *file_type_of(struct text extension, const char *detected)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (text_is(extension, types[i].extension))
            return looks_like(detected, text_from(types[i].looks)) ? types[i].type : NULL;
    }
    return "application/octet-stream";
}
