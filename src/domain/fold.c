#include "domain/fold.h"

#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

#include "base/memory.h"

struct text text_fold(struct arena *arena, struct text text)
{
    if (text.data == NULL)
        return TEXT_NULL;
    size_t length = 0;
    CLEANUP_FREE uint8_t *folded =
        u8_casefold((const uint8_t *)text.data, text.length, NULL, UNINORM_NFKC, NULL, &length);
    if (folded == NULL)
        memory_exhausted(text.length);
    return arena_copy(arena, (struct text){(const char *)folded, length});
}

bool text_folds_equal(struct arena *arena, struct text a, struct text b)
{
    return (a.data == NULL) == (b.data == NULL) &&
           text_equal(text_fold(arena, a), text_fold(arena, b));
}
