#include "domain/paging.h"

void paging_init(struct paging *paging)
{
    *paging = (struct paging){
        .skip = FIELD_INTEGER_NULL,
        .limit = FIELD_INTEGER_NULL,
        .page = FIELD_INTEGER_NULL,
        .per_page = FIELD_INTEGER_NULL,
        .total = true,
    };
}

static bool is_given(int64_t value)
{
    return value != FIELD_INTEGER_NULL;
}

void paging_resolve(struct paging *paging, int64_t default_limit, struct problems *problems)
{
    bool by_cursor = paging->cursor.data != NULL;
    if (is_given(paging->page) && is_given(paging->skip))
        problem_value(problems, "page", "Give either page or skip, not both");
    if (is_given(paging->per_page) && is_given(paging->limit))
        problem_value(problems, "per_page", "Give either per_page or limit, not both");
    if (by_cursor && (is_given(paging->page) || is_given(paging->skip)))
        problem_value(problems, "cursor", "Give either cursor or page or skip, not several");
    if (is_given(paging->per_page))
        paging->limit = paging->per_page;
    if (!is_given(paging->limit))
        paging->limit = default_limit;
    if (is_given(paging->page))
        paging->skip = (paging->page - 1) * paging->limit;
    if (!is_given(paging->skip))
        paging->skip = 0;
}

struct page paging_describe(const struct paging *paging, int64_t total)
{
    bool counted = is_given(total);
    bool by_cursor = paging->cursor.data != NULL;
    return (struct page){
        .total = total,
        .page = by_cursor ? FIELD_INTEGER_NULL : paging->skip / paging->limit + 1,
        .pages = counted ? (total + paging->limit - 1) / paging->limit : FIELD_INTEGER_NULL,
        .skip = paging->skip,
        .limit = paging->limit,
    };
}
