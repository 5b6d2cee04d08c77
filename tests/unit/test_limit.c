/*
 * test_limit.c: sliding-window limits beside a model that remembers every request.
 *
 * What the limit promises is that no window of full length, wherever it starts, holds more than the
 * limit. The model knows when each allowed request came; a slice is the window's 60th, and a
 * request counts while it is in the last window or in the slice that is just leaving it.
 */
#include "http/limit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "support.h"

enum { WINDOW = 60000000, SLICE = WINDOW / LIMIT_SLICES, STEPS = 4000 };

static const struct limit_key some_key = {.rule = 1, .words = {2, 3, 4}};

struct model {
    int64_t allowed[STEPS];
    size_t count;
};

static int64_t model_used(const struct model *model, int64_t now)
{
    int64_t used = 0;
    for (size_t i = model->count; i-- > 0;) {
        if (now / SLICE - model->allowed[i] / SLICE > LIMIT_SLICES)
            break;
        used++;
    }
    return used;
}

/* The most that any window of full length holds; it is enough to try those that end at a request.
 */
static int64_t fullest_window(const struct model *model)
{
    int64_t fullest = 0;
    size_t first = 0;
    for (size_t i = 0; i < model->count; i++) {
        while (model->allowed[first] <= model->allowed[i] - WINDOW)
            first++;
        int64_t held = (int64_t)(i - first) + 1;
        fullest = held > fullest ? held : fullest;
    }
    return fullest;
}

/* Bursts, trickles and pauses. */
static int64_t random_pause(struct dice *dice)
{
    switch (dice_below(dice, 6)) {
    case 0:
        return 0;
    case 1:
        return dice_between(dice, 0, 1000);
    case 2:
        return SLICE;
    case 3:
        return dice_between(dice, 0, SLICE * 3);
    case 4:
        return dice_between(dice, 0, WINDOW / 4);
    default:
        return dice_below(dice, 20) == 0 ? dice_between(dice, WINDOW, WINDOW * 3) : 1;
    }
}

static void run_beside_model(uint64_t seed, int64_t limit)
{
    struct dice dice = {seed};
    static struct model model;
    model.count = 0;
    struct limiter *limiter = limiter_create(100);
    const struct limit_rule rule = {limit, WINDOW};
    int64_t now = dice_between(&dice, 0, (int64_t)WINDOW * 1000);
    for (int step = 0; step < STEPS; step++) {
        now += random_pause(&dice);
        int64_t used = model_used(&model, now);
        struct limit_verdict verdict = limiter_take(limiter, &some_key, &rule, now);
        assert_int_equal(verdict.allowed, used < limit);
        if (verdict.allowed)
            model.allowed[model.count++] = now;
        assert_int_equal(verdict.limit, limit);
        assert_int_equal(verdict.remaining, limit - model_used(&model, now));
        assert_true(verdict.reset > 0);
        int64_t counted = model_used(&model, now);
        assert_int_equal(model_used(&model, now + verdict.reset - 1), counted);
        assert_true(model_used(&model, now + verdict.reset) < counted);
    }
    assert_true(fullest_window(&model) <= limit);
    limiter_free(limiter);
}

TEST(no_window_ever_holds_more_than_the_limit)
{
    static const int64_t limits[] = {1, 2, 5, 60, 100, 1000};
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        for (uint64_t seed = 1; seed <= 5; seed++)
            run_beside_model(seed, limits[i]);
    }
}

TEST(remaining_counts_down_and_a_refused_request_does_not_count)
{
    struct limiter *limiter = limiter_create(10);
    const struct limit_rule rule = {3, WINDOW};
    for (int64_t left = 2; left >= 0; left--) {
        struct limit_verdict verdict = limiter_take(limiter, &some_key, &rule, 0);
        assert_true(verdict.allowed);
        assert_int_equal(verdict.remaining, left);
    }
    struct limit_verdict refused = {0};
    for (int i = 0; i < 1000; i++) {
        refused = limiter_take(limiter, &some_key, &rule, 30 * SLICE);
        assert_false(refused.allowed);
        assert_int_equal(refused.remaining, 0);
    }
    int64_t then = 30 * SLICE + refused.reset;
    assert_false(limiter_take(limiter, &some_key, &rule, then - 1).allowed);
    assert_int_equal(limiter_take(limiter, &some_key, &rule, then).remaining, 2);
    limiter_free(limiter);
}

TEST(keys_and_rules_are_apart)
{
    struct limiter *limiter = limiter_create(100);
    const struct limit_rule rule = {1, WINDOW};
    struct limit_key keys[5];
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        keys[i] = some_key;
    keys[1].rule = 9;
    keys[2].words[0] = 9;
    keys[3].words[1] = 9;
    keys[4].words[2] = 9;
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_true(limiter_take(limiter, &keys[i], &rule, 0).allowed);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_false(limiter_take(limiter, &keys[i], &rule, 0).allowed);
    limiter_free(limiter);
}

TEST(a_full_table_forgets_the_key_used_longest_ago)
{
    struct limiter *limiter = limiter_create(160);
    const struct limit_rule rule = {1, WINDOW};
    struct limit_key key = some_key;
    assert_true(limiter_take(limiter, &some_key, &rule, 0).allowed);
    for (uint64_t i = 0; i < 10000; i++) {
        key.words[0] = 1000 + i;
        assert_true(limiter_take(limiter, &key, &rule, 0).allowed);
    }
    assert_false(limiter_take(limiter, &key, &rule, 0).allowed);
    assert_true(limiter_take(limiter, &some_key, &rule, 0).allowed);
    limiter_free(limiter);
}

TEST(a_key_in_use_is_not_forgotten)
{
    struct limiter *limiter = limiter_create(160);
    const struct limit_rule rule = {1, WINDOW};
    struct limit_key key = some_key;
    assert_true(limiter_take(limiter, &some_key, &rule, 0).allowed);
    for (uint64_t i = 0; i < 10000; i++) {
        key.words[0] = 1000 + i;
        limiter_take(limiter, &key, &rule, 0);
        assert_false(limiter_take(limiter, &some_key, &rule, 0).allowed);
    }
    limiter_free(limiter);
}

/* A thread may read the clock, and another take its turn first: then time seems to run backwards.
 */
TEST(a_thread_that_comes_late_does_not_undo_what_was_counted)
{
    struct limiter *limiter = limiter_create(10);
    const struct limit_rule rule = {10, WINDOW};
    int64_t allowed = 0;
    for (int i = 0; i < 100; i++) {
        allowed += limiter_take(limiter, &some_key, &rule, 100 * SLICE).allowed;
        allowed += limiter_take(limiter, &some_key, &rule, 100 * SLICE - 1).allowed;
    }
    assert_int_equal(allowed, 10);
    limiter_free(limiter);
}

enum { THREADS = 4, TAKES = 20000, SHARED_LIMIT = 1000 };

static struct limiter *shared;
static atomic_int_fast64_t shared_allowed;

static void *take_often(void *argument)
{
    (void)argument;
    const struct limit_rule rule = {SHARED_LIMIT, WINDOW};
    for (int64_t i = 0; i < TAKES; i++) {
        int64_t now = WINDOW + i * (WINDOW / 2) / TAKES;
        atomic_fetch_add(&shared_allowed, limiter_take(shared, &some_key, &rule, now).allowed);
    }
    return NULL;
}

TEST(several_threads_together_are_allowed_exactly_the_limit)
{
    shared = limiter_create(10);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_often, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(shared_allowed, SHARED_LIMIT);
    limiter_free(shared);
    limiter_free(NULL);
}

UNIT_TESTS(cmocka_unit_test(no_window_ever_holds_more_than_the_limit),
           cmocka_unit_test(remaining_counts_down_and_a_refused_request_does_not_count),
           cmocka_unit_test(keys_and_rules_are_apart),
           cmocka_unit_test(a_full_table_forgets_the_key_used_longest_ago),
           cmocka_unit_test(a_key_in_use_is_not_forgotten),
           cmocka_unit_test(a_thread_that_comes_late_does_not_undo_what_was_counted),
           cmocka_unit_test(several_threads_together_are_allowed_exactly_the_limit))
