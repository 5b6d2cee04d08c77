/*
 * sqlite_function.c: SQL functions that SQLite lacks. A PostgreSQL database has functions of the
 * same name and meaning.
 *
 *   contains_folded(haystack, needle)   whether needle stands in haystack, letters compared without
 *                                       regard to case in the sense of Unicode (full case folding,
 *                                       normalization form NFKD)
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

static bool is_ascii(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    }
    return true;
}

static bool contains_ascii(struct text haystack, struct text needle)
{
    for (size_t at = 0; at + needle.length <= haystack.length; at++) {
        if (text_equal_ignoring_case((struct text){haystack.data + at, needle.length}, needle))
            return true;
    }
    return false;
}

/* The folded form on the heap; data NULL when libunistring refuses (memory). */
static struct text fold(struct text text)
{
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
    if (is_ascii(haystack) && is_ascii(needle)) {
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

int sqlite_functions_register(sqlite3 *handle)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int code = sqlite3_create_function_v2(handle, "contains_folded", 2, flags, NULL,
                                          contains_folded, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    return sqlite3_create_function_v2(handle, "folded", 1, flags, NULL, folded, NULL, NULL, NULL);
}
