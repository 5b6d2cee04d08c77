/*
 * paging.h: which part of a list is wanted, and what the answer says about it.
 *
 * Three ways lead to a part: skip and limit; page and per_page, which are turned into the former;
 * and, for lists that have one, a cursor (domain/cursor.h). Mixing them is a mistake of the client.
 */
#ifndef ERRAND_DOMAIN_PAGING_H
#define ERRAND_DOMAIN_PAGING_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/field.h"
#include "schema/problem.h"

struct paging {
    int64_t skip; /* FIELD_INTEGER_NULL when not given, here and below */
    int64_t limit;
    int64_t page;
    int64_t per_page;
    struct text cursor;
    bool total;
};

/* The rows of a query schema for a struct paging that is the member `member` of `structure`. */
#define PAGING_LIMIT_MAXIMUM 100
#define PAGING_SKIP_MAXIMUM INT64_C(1000000000)
#define PAGING_FIELDS(structure, member)                                                           \
    {.name = "skip",                                                                               \
     .type = FIELD_INTEGER,                                                                        \
     .offset = offsetof(structure, member.skip),                                                   \
     .maximum = PAGING_SKIP_MAXIMUM,                                                               \
     .default_value = "0",                                                                         \
     .description = "How many to leave out at the start"},                                         \
        {.name = "limit",                                                                          \
         .type = FIELD_INTEGER,                                                                    \
         .offset = offsetof(structure, member.limit),                                              \
         .minimum = 1,                                                                             \
         .maximum = PAGING_LIMIT_MAXIMUM,                                                          \
         .description = "How many at most"},                                                       \
        {.name = "page",                                                                           \
         .type = FIELD_INTEGER,                                                                    \
         .offset = offsetof(structure, member.page),                                               \
         .minimum = 1,                                                                             \
         .maximum = PAGING_SKIP_MAXIMUM / PAGING_LIMIT_MAXIMUM,                                    \
         .description = "The page, from 1; in place of `skip`"},                                   \
    {                                                                                              \
        .name = "per_page", .type = FIELD_INTEGER, .offset = offsetof(structure, member.per_page), \
        .minimum = 1, .maximum = PAGING_LIMIT_MAXIMUM,                                             \
        .description = "How many a page has; in place of `limit`"                                  \
    }

/* What an answer says of the part it holds. */
struct page {
    int64_t total; /* FIELD_INTEGER_NULL when not counted */
    int64_t page;  /* FIELD_INTEGER_NULL with a cursor */
    int64_t pages;
    int64_t skip;
    int64_t limit;
};

/* The rows of an answer's schema for a struct page that is the member `member` of `structure`. */
#define PAGE_FIELDS(structure, member)                                                             \
    {.name = "total",                                                                              \
     .type = FIELD_INTEGER,                                                                        \
     .flags = FIELD_NULLABLE | FIELD_READ_ONLY,                                                    \
     .offset = offsetof(structure, member.total),                                                  \
     .description = "How many there are in all"},                                                  \
        {.name = "page",                                                                           \
         .type = FIELD_INTEGER,                                                                    \
         .flags = FIELD_NULLABLE | FIELD_READ_ONLY,                                                \
         .offset = offsetof(structure, member.page),                                               \
         .description = "The number of this page, from 1"},                                        \
        {.name = "pages",                                                                          \
         .type = FIELD_INTEGER,                                                                    \
         .flags = FIELD_NULLABLE | FIELD_READ_ONLY,                                                \
         .offset = offsetof(structure, member.pages),                                              \
         .description = "How many pages there are"},                                               \
        {.name = "skip",                                                                           \
         .type = FIELD_INTEGER,                                                                    \
         .flags = FIELD_READ_ONLY,                                                                 \
         .offset = offsetof(structure, member.skip),                                               \
         .description = "How many were left out at the start"},                                    \
    {                                                                                              \
        .name = "limit", .type = FIELD_INTEGER, .flags = FIELD_READ_ONLY,                          \
        .offset = offsetof(structure, member.limit), .description = "How many this page may hold"  \
    }

/* paging_init: nothing given. */
void paging_init(struct paging *paging);

/* paging_resolve: checks the combination and turns pages into skip and limit, with `default_limit`
 * where neither limit nor per_page is given. Adds problems. */
void paging_resolve(struct paging *paging, int64_t default_limit, struct problems *problems);

/* paging_describe: what the answer to a resolved paging says; `total` may be
 * FIELD_INTEGER_NULL. */
struct page paging_describe(const struct paging *paging, int64_t total);

#endif
