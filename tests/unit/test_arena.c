/*
 * test_arena.c: pieces of memory that go together.
 */
#include "base/arena.h"

#include <string.h>

#include "support.h"

enum { PIECES = 2000 };

TEST(pieces_are_aligned_and_do_not_overlap)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct dice dice = {1};
    static struct {
        unsigned char *data;
        size_t size;
    } pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i].size = dice_below(&dice, i % 50 == 0 ? 100000 : 300) + 1;
        pieces[i].data = arena_allocate(&arena, pieces[i].size);
        assert_int_equal((uintptr_t)pieces[i].data % _Alignof(max_align_t), 0);
        memset(pieces[i].data, (int)(i % 251), pieces[i].size);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t at = 0; at < pieces[i].size; at++)
            assert_int_equal(pieces[i].data[at], i % 251);
    }
}

TEST(a_first_piece_may_be_big)
{
    CLEANUP_ARENA struct arena arena = {0};
    const size_t size = 10 << 20;
    unsigned char *big = arena_allocate_zeroed(&arena, size);
    unsigned char *small = arena_allocate(&arena, 1);
    *small = 1;
    for (size_t i = 0; i < size; i++)
        assert_int_equal(big[i], 0);
}

TEST(a_piece_of_no_bytes_is_no_null)
{
    CLEANUP_ARENA struct arena arena = {0};
    assert_non_null(arena_allocate(&arena, 0));
    assert_non_null(arena_allocate_zeroed(&arena, 0));
}

/* What was released, in order. Each resource lies in the arena that releases it. */
static char released[8];
static size_t released_count;

static void note_release(void *resource)
{
    released[released_count++] = *(char *)resource;
}

TEST(releases_what_was_deferred_last_first_before_its_memory)
{
    struct arena arena;
    arena_init(&arena);
    released_count = 0;
    for (char name = 'a'; name <= 'c'; name++) {
        char *resource = arena_allocate(&arena, 1);
        *resource = name;
        arena_defer(&arena, note_release, resource);
    }
    arena_release(&arena);
    assert_text(((struct text){released, released_count}), "cba");
    arena_release(&arena);
    assert_int_equal(released_count, 3);
}

TEST(is_empty_and_usable_after_its_release)
{
    CLEANUP_ARENA struct arena arena = {0};
    arena_allocate(&arena, 100);
    arena_release(&arena);
    assert_text(arena_format(&arena, "again"), "again");
}

TEST(copies_with_a_nul_behind)
{
    CLEANUP_ARENA struct arena arena = {0};
    char source[] = "a\0b";
    struct text copy = arena_copy(&arena, (struct text){source, 3});
    source[0] = 'x';
    assert_int_equal(copy.length, 3);
    assert_memory_equal(copy.data, "a\0b", 4);
    assert_text(arena_copy(&arena, TEXT("")), "");
    assert_null(arena_copy(&arena, TEXT_NULL).data);
}

TEST(formats_texts_of_any_length)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct text text = arena_format(&arena, "%d-%s", 7, "seven");
    assert_text(text, "7-seven");
    assert_int_equal(text.data[text.length], '\0');
    assert_text(arena_format(&arena, "%s", ""), "");
    struct text wide = arena_format(&arena, "%20000d", 1);
    assert_int_equal(wide.length, 20000);
    assert_int_equal(wide.data[19999], '1');
}

UNIT_TESTS(cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
           cmocka_unit_test(a_first_piece_may_be_big),
           cmocka_unit_test(a_piece_of_no_bytes_is_no_null),
           cmocka_unit_test(releases_what_was_deferred_last_first_before_its_memory),
           cmocka_unit_test(is_empty_and_usable_after_its_release),
           cmocka_unit_test(copies_with_a_nul_behind),
           cmocka_unit_test(formats_texts_of_any_length))
