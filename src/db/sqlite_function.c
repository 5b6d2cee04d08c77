/*
 * sqlite_function.c: SQL functions that SQLite lacks. A PostgreSQL database has functions of the
 * same name and meaning.
 *
 *   contains_folded(haystack, needle)   whether needle stands in haystack, letters compared without
 *                                       regard to case in the sense of Unicode (full case folding,
 *                                       normalization form NFKD)
 *   trigram_query(text)                 the query for an FTS5 table of folded trigrams that finds
 *                                       every row that contains the text, and perhaps more; NULL
 *                                       for fewer than three characters (SQLite only)
 *   folded(text)                        the form in which texts that differ only in case are equal
 */
#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

#include "base/text.h"
#include "db/sqlite.h"

static struct text text_argument(sqlite3_value *value)
{
    const char *data = (const char *)sqlite3_value_text(value);
    return (struct text){data, data == NULL ? 0 : (size_t)sqlite3_value_bytes(value)};
}

static bool contains_ascii(struct text haystack, struct text needle)
{
    for (size_t at = 0; at + needle.length <= haystack.length; at++) {
        if (text_equal_ignoring_case((struct text){haystack.data + at, needle.length}, needle))
            return true;
    }
    return false;
}

/* The folded form on the heap; data NULL when there is no memory. */
static struct text fold(struct text text)
{
    if (text_is_ascii(text)) {
        char *lower = malloc(text.length + 1);
        if (lower == NULL)
            return TEXT_NULL;
        text_lower_ascii(text, lower);
        return (struct text){lower, text.length};
    }
    size_t length = 0;
    uint8_t *folded =
        u8_casefold((const uint8_t *)text.data, text.length, NULL, UNINORM_NFKD, NULL, &length);
    return (struct text){(const char *)folded, length};
}

static void contains_folded(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    struct text haystack = text_argument(arguments[0]);
    struct text needle = text_argument(arguments[1]);
    if (haystack.data == NULL || needle.data == NULL) {
        sqlite3_result_int(context, 0);
        return;
    }
    if (text_is_ascii(haystack) && text_is_ascii(needle)) {
        sqlite3_result_int(context, contains_ascii(haystack, needle));
        return;
    }
    struct text folded_haystack = fold(haystack);
    struct text folded_needle = fold(needle);
    if (folded_haystack.data == NULL || folded_needle.data == NULL)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_int(context, memmem(folded_haystack.data, folded_haystack.length,
                                           folded_needle.data, folded_needle.length) != NULL);
    free((void *)folded_haystack.data);
    free((void *)folded_needle.data);
}

static void folded(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    struct text text = text_argument(arguments[0]);
    if (text.data == NULL) {
        sqlite3_result_null(context);
        return;
    }
    struct text result = fold(text);
    if (result.data == NULL)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_text64(context, result.data, result.length, free, SQLITE_UTF8);
}

static size_t character_length(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Adds the text as a string of FTS5: in quotes, with those within doubled. */
static void add_string(sqlite3_str *query, const char *data, size_t length)
{
    sqlite3_str_appendchar(query, 1, '"');
    for (size_t i = 0; i < length; i++)
        sqlite3_str_appendchar(query, data[i] == '"' ? 2 : 1, data[i]);
    sqlite3_str_appendchar(query, 1, '"');
}

static void trigram_query(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    struct text folded_text = fold(text_argument(arguments[0]));
    sqlite3_str *query = sqlite3_str_new(sqlite3_context_db_handle(context));
    size_t starts[3] = {0};
    size_t characters = 0;
    size_t at = 0;
    while (at < folded_text.length) {
        starts[characters++ % 3] = at;
        at += character_length((unsigned char)folded_text.data[at]);
        if (characters < 3 || at > folded_text.length)
            continue;
        size_t start = starts[characters % 3];
        if (characters > 3)
            sqlite3_str_appendall(query, " AND ");
        add_string(query, folded_text.data + start, at - start);
    }
    free((void *)folded_text.data);
    int length = sqlite3_str_length(query);
    char *result = sqlite3_str_finish(query);
    if (result == NULL)
        sqlite3_result_null(context);
    else
        sqlite3_result_text(context, result, length, sqlite3_free);
}

int sqlite_functions_register(sqlite3 *handle)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int code = sqlite3_create_function_v2(handle, "contains_folded", 2, flags, NULL,
                                          contains_folded, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_create_function_v2(handle, "trigram_query", 1, flags, NULL, trigram_query, NULL,
                                      NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    return sqlite3_create_function_v2(handle, "folded", 1, flags, NULL, folded, NULL, NULL, NULL);
}
