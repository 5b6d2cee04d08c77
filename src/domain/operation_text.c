/*
 * operation_text.c: operations on a text.
 *
 * Text is Unicode: characters are what a reader takes for one (extended grapheme clusters, UAX
 * #29), letters the code points of general category L, words what stands between white space
 * (White_Space), and case mapping is the full one of the standard, whatever the locale.
 */
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unigbrk.h>
#include <unistr.h>

#include "base/error.h"
#include "base/memory.h"
#include "domain/operation.h"

enum { LOOK_INTERVAL = 4096 }; /* how many steps between two looks at is_cancelled */

static int fail(struct operation_run *run, int error, const char *words)
{
    run->error = text_from(words);
    run->permanent = true;
    return error;
}

/* Whether it is time to look, and the answer is to stop. */
static bool is_to_stop(struct operation_run *run, size_t step)
{
    return step % LOOK_INTERVAL == LOOK_INTERVAL - 1 && run->is_cancelled(run);
}

/* Checks what every operation asks of its data. */
static int check(struct operation_run *run)
{
    return text_is_valid(run->data) ? 0 : fail(run, ERROR_INVALID, "The data is not valid UTF-8");
}

/* `breaks` has a 1 where a cluster begins: found in one pass, since a cluster's end may depend on
 * all that stands before it (flags). */
static struct text reverse_clusters(struct arena *arena, struct text text, const char *breaks)
{
    char *reversed = arena_allocate(arena, text.length + 1);
    size_t written = 0;
    size_t end = text.length;
    for (size_t i = text.length; i-- > 0;) {
        if (breaks[i] == 0)
            continue;
        memcpy(reversed + written, text.data + i, end - i);
        written += end - i;
        end = i;
    }
    reversed[written] = '\0';
    return (struct text){reversed, written};
}

static int reverse(const struct operation *operation, struct operation_run *run)
{
    (void)operation;
    int error = check(run);
    if (error < 0)
        return error;
    char *breaks = arena_allocate_zeroed(run->arena, run->data.length + 1);
    u8_grapheme_breaks((const uint8_t *)run->data.data, run->data.length, breaks);
    run->result = reverse_clusters(run->arena, run->data, breaks);
    return 0;
}

/* Counts what `counts` says yes to, given each code point and the one before it. */
static int count(struct operation_run *run, bool (*counts)(ucs4_t before, ucs4_t character))
{
    int error = check(run);
    if (error < 0)
        return error;
    const uint8_t *at = (const uint8_t *)run->data.data;
    const uint8_t *end = at + run->data.length;
    ucs4_t before = ' ';
    uintmax_t total = 0;
    for (size_t step = 0; at < end; step++) {
        ucs4_t character;
        at += u8_mbtouc(&character, at, (size_t)(end - at));
        total += counts(before, character);
        before = character;
        if (is_to_stop(run, step))
            return ERROR_CANCELLED;
    }
    run->result = arena_format(run->arena, "%ju", total);
    return 0;
}

static bool starts_word(ucs4_t before, ucs4_t character)
{
    return uc_is_property_white_space(before) && !uc_is_property_white_space(character);
}

static int count_words(const struct operation *operation, struct operation_run *run)
{
    (void)operation;
    return count(run, starts_word);
}

static bool is_letter(ucs4_t before, ucs4_t character)
{
    (void)before;
    return uc_is_general_category(character, UC_CATEGORY_L);
}

static int count_letters(const struct operation *operation, struct operation_run *run)
{
    (void)operation;
    return count(run, is_letter);
}

typedef uint8_t *case_mapping(const uint8_t *text, size_t length, const char *language,
                              uninorm_t normalization, uint8_t *result, size_t *ret_length);

/* One mapping over all of it, since a letter's form may depend on its place in the word. */
static int map(const struct operation *operation, struct operation_run *run, case_mapping *mapping)
{
    int error = check(run);
    if (error < 0)
        return error;
    size_t length = 0;
    uint8_t *mapped =
        mapping((const uint8_t *)run->data.data, run->data.length, "", NULL, NULL, &length);
    if (mapped == NULL)
        return length == 0 && run->data.length == 0 ? (run->result = TEXT(""), 0) : ERROR_INTERNAL;
    arena_defer(run->arena, free, mapped);
    if (length > operation->result_limit)
        return fail(run, ERROR_TOO_LARGE, "The result is too large");
    run->result = (struct text){(const char *)mapped, length};
    return 0;
}

static int uppercase(const struct operation *operation, struct operation_run *run)
{
    return map(operation, run, u8_toupper);
}

static int lowercase(const struct operation *operation, struct operation_run *run)
{
    return map(operation, run, u8_tolower);
}

const struct operation text_operations[] = {
    {.name = "reverse",
     .summary = "The text backwards, character by character",
     .result_limit = OPERATION_RESULT_LIMIT,
     .run = reverse},
    {.name = "count_words",
     .summary = "How many words stand between white space",
     .result_limit = OPERATION_RESULT_LIMIT,
     .run = count_words},
    {.name = "count_letters",
     .summary = "How many letters there are",
     .result_limit = OPERATION_RESULT_LIMIT,
     .run = count_letters},
    {.name = "uppercase",
     .summary = "The text in upper case",
     .result_limit = OPERATION_RESULT_LIMIT,
     .run = uppercase},
    {.name = "lowercase",
     .summary = "The text in lower case",
     .result_limit = OPERATION_RESULT_LIMIT,
     .run = lowercase},
};

const size_t text_operation_count = sizeof text_operations / sizeof text_operations[0];
