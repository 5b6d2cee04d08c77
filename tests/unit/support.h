/*
 * support.h: what the unit tests share.
 *
 * A test is a function TEST(what_it_shows); UNIT_TESTS lists those of a program. A check that fails
 * jumps out of its test, which only works on the stack where the test began: fibers and other
 * threads note what they saw, and the test checks it once they are done.
 *
 * Random values come from dice with a fixed seed, so a failure repeats.
 */
#ifndef ERRAND_TESTS_SUPPORT_H
#define ERRAND_TESTS_SUPPORT_H

#include "base/arena.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEST(name) static void name(__attribute__((unused)) void **state)

#define UNIT_TESTS(...)                                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* BYTES: a literal with its NUL bytes as struct text; TEXT for tables. */
#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* A struct arena declared with CLEANUP_ARENA (and zeroed) is released with its scope. */
#define CLEANUP_ARENA __attribute__((cleanup(arena_release)))

/* assert_text: that `text` is the string `expected`. */
#define assert_text(text, expected) check_text((text), (expected), __FILE__, __LINE__)
void check_text(struct text text, const char *expected, const char *file, int line);

/* A source of random values. */
struct dice {
    uint64_t state; /* the seed; not 0 */
};
uint64_t dice_roll(struct dice *dice);
uint64_t dice_below(struct dice *dice, uint64_t limit);

/* dice_between: from `first` to `last`, both included. */
int64_t dice_between(struct dice *dice, int64_t first, int64_t last);

/* A folder for the files of one test, removed with its scope when declared with CLEANUP_FOLDER. */
struct folder {
    char path[64];
};
#define CLEANUP_FOLDER __attribute__((cleanup(folder_cleanup)))
void folder_create(struct folder *folder);
void folder_cleanup(struct folder *folder);

/* folder_file: the path of a file in the folder, which need not exist. */
const char *folder_file(const struct folder *folder, struct arena *arena, const char *name);

void file_write(const char *path, struct text content);

/* file_read: the file's content; the null text when there is no such file. */
struct text file_read(struct arena *arena, const char *path);

/* run_in_fiber: runs a loop in this thread with fn(argument) in a fiber, until that returns. */
void run_in_fiber(void (*fn)(void *argument), void *argument);

#endif
