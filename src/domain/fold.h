/*
 * fold.h: the form in which names that differ only in case are equal.
 */
#ifndef ERRAND_DOMAIN_FOLD_H
#define ERRAND_DOMAIN_FOLD_H

#include "base/arena.h"
#include "base/text.h"

/* text_fold: Unicode case folding and normalization form NFKC of `text`, which must be valid UTF-8;
 * the null text stays null. Lives in `arena`. Any thread. */
struct text text_fold(struct arena *arena, struct text text);

/* text_fold_for_search: likewise in normalization form NFKD, as the SQL function folded() has it:
 * the form in which a text contains another one without regard to case. */
struct text text_fold_for_search(struct arena *arena, struct text text);

/* text_folds_equal: whether they differ in case at most; null equals null alone. Uses `arena`. */
bool text_folds_equal(struct arena *arena, struct text a, struct text b);

#endif
