/*
 * test_paging.c: the ways to ask for a part of a list.
 */
#include "domain/paging.h"

#include "support.h"

#define NONE FIELD_INTEGER_NULL

TEST(resolves_every_way_to_skip_and_limit)
{
    static const struct {
        int64_t skip, limit, page, per_page;
        const char *cursor;
        int64_t expected_skip, expected_limit;
    } rows[] = {
        {NONE, NONE, NONE, NONE, NULL, 0, 20},
        {40, NONE, NONE, NONE, NULL, 40, 20},
        {NONE, 5, NONE, NONE, NULL, 0, 5},
        {7, 5, NONE, NONE, NULL, 7, 5},
        {NONE, NONE, 1, NONE, NULL, 0, 20},
        {NONE, NONE, 3, NONE, NULL, 40, 20},
        {NONE, NONE, 3, 10, NULL, 20, 10},
        {NONE, 10, 3, NONE, NULL, 20, 10},
        {NONE, NONE, NONE, 10, NULL, 0, 10},
        {5, NONE, NONE, 10, NULL, 5, 10},
        {NONE, NONE, NONE, NONE, "c", 0, 20},
        {NONE, 5, NONE, NONE, "c", 0, 5},
        {NONE, 100, 10000000, NONE, NULL, 999999900, 100},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct problems problems;
        problems_init(&problems, &arena);
        struct paging paging;
        paging_init(&paging);
        assert_true(paging.total);
        paging.skip = rows[i].skip;
        paging.limit = rows[i].limit;
        paging.page = rows[i].page;
        paging.per_page = rows[i].per_page;
        paging.cursor = text_from(rows[i].cursor);
        paging_resolve(&paging, 20, &problems);
        assert_int_equal(problems.count, 0);
        assert_int_equal(paging.skip, rows[i].expected_skip);
        assert_int_equal(paging.limit, rows[i].expected_limit);
    }
}

TEST(refuses_to_mix_the_ways)
{
    static const struct {
        int64_t skip, limit, page, per_page;
        const char *cursor;
        const char *field; /* of the only problem */
    } rows[] = {
        {0, NONE, 1, NONE, NULL, "page"},     {NONE, 5, NONE, 5, NULL, "per_page"},
        {0, NONE, NONE, NONE, "c", "cursor"}, {NONE, NONE, 1, NONE, "c", "cursor"},
        {NONE, NONE, 1, NONE, "", "cursor"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct problems problems;
        problems_init(&problems, &arena);
        struct paging paging = {
            rows[i].skip, rows[i].limit, rows[i].page, rows[i].per_page, text_from(rows[i].cursor),
            true};
        paging_resolve(&paging, 20, &problems);
        assert_int_equal(problems.count, 1);
        assert_text(problems.items[0].field, rows[i].field);
    }
}

TEST(describes_the_part_that_is_answered)
{
    static const struct {
        int64_t skip, limit, total;
        const char *cursor;
        int64_t page, pages;
    } rows[] = {
        {0, 20, 0, NULL, 1, 0},       {0, 20, 1, NULL, 1, 1},         {0, 20, 20, NULL, 1, 1},
        {0, 20, 21, NULL, 1, 2},      {20, 20, 100, NULL, 2, 5},      {25, 20, 100, NULL, 2, 5},
        {1000, 20, 100, NULL, 51, 5}, {0, 1, 3, NULL, 1, 3},          {40, 20, NONE, NULL, 3, NONE},
        {0, 20, 100, "c", NONE, 5},   {0, 20, NONE, "c", NONE, NONE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct paging paging;
        paging_init(&paging);
        paging.skip = rows[i].skip;
        paging.limit = rows[i].limit;
        paging.cursor = text_from(rows[i].cursor);
        struct page page = paging_describe(&paging, rows[i].total);
        assert_int_equal(page.total, rows[i].total);
        assert_int_equal(page.page, rows[i].page);
        assert_int_equal(page.pages, rows[i].pages);
        assert_int_equal(page.skip, rows[i].skip);
        assert_int_equal(page.limit, rows[i].limit);
    }
}

UNIT_TESTS(cmocka_unit_test(resolves_every_way_to_skip_and_limit),
           cmocka_unit_test(refuses_to_mix_the_ways),
           cmocka_unit_test(describes_the_part_that_is_answered))
