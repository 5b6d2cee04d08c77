#include "domain/fold.h"

#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

#include "base/memory.h"

static struct text fold(struct arena *arena, struct text text, uninorm_t form)
{
    if (text.data == NULL)
        return TEXT_NULL;
    if (text_is_ascii(text)) {
        /* What both normalization forms leave alone. */
        char *lower = arena_allocate(arena, text.length + 1);
        text_lower_ascii(text, lower);
        lower[text.length] = '\0';
        return (struct text){lower, text.length};
    }
    size_t length = 0;
    CLEANUP_FREE uint8_t *folded =
        u8_casefold((const uint8_t *)text.data, text.length, NULL, form, NULL, &length);
    if (folded == NULL)
        memory_exhausted(text.length);
    return arena_copy(arena, (struct text){(const char *)folded, length});
}

struct text text_fold(struct arena *arena, struct text text)
{
    return fold(arena, text, UNINORM_NFKC);
}

struct text text_fold_for_search(struct arena *arena, struct text text)
{
    return fold(arena, text, UNINORM_NFKD);
}

bool text_folds_equal(struct arena *arena, struct text a, struct text b)
{
    return (a.data == NULL) == (b.data == NULL) &&
           text_equal(text_fold(arena, a), text_fold(arena, b));
}
