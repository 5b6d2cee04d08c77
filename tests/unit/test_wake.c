/*
 * test_wake.c: news reach those who want to hear of them, here and in other processes.
 */
#include "runtime/wake.h"

#include <poll.h>
#include <stdio.h>

#include "base/container.h"
#include "support.h"

struct ear {
    struct wake_listener listener;
    int count;
    int unnamed;
    char last[64];
};

static void hear(struct wake_listener *listener, struct text detail)
{
    struct ear *ear = CONTAINER_OF(listener, struct ear, listener);
    ear->count++;
    if (detail.data == NULL)
        ear->unnamed++;
    snprintf(ear->last, sizeof ear->last, "%.*s", TEXT_ARGUMENTS(detail));
}

static struct ear listen(void)
{
    return (struct ear){.listener.hear = hear};
}

static bool is_called(const struct wake *wake)
{
    struct pollfd watched = {.fd = wake_descriptor(wake), .events = POLLIN};
    return poll(&watched, 1, 0) == 1;
}

/* Brings what `from` has to tell to `to`, as a carrier does. */
static void carry(struct wake *from, struct wake *to)
{
    char storage[WAKE_MESSAGE_LIMIT];
    struct buffer message;
    buffer_init_fixed(&message, storage, sizeof storage);
    wake_take(from, &message);
    assert_false(buffer_overflowed(&message));
    wake_hear(to, buffer_text(&message));
}

/* One that is carried, with nothing to tell. */
static struct wake *carried(void)
{
    struct wake *wake = wake_create();
    wake_set_carried(wake, true);
    carry(wake, wake);
    return wake;
}

TEST(publishing_tells_the_listeners_of_the_topic_at_once)
{
    struct wake *wake = wake_create();
    struct ear events = listen();
    struct ear also = listen();
    struct ear jobs = listen();
    wake_subscribe(wake, WAKE_EVENTS, &events.listener);
    wake_subscribe(wake, WAKE_EVENTS, &also.listener);
    wake_subscribe(wake, WAKE_JOBS, &jobs.listener);
    wake_publish(wake, WAKE_EVENTS, TEXT_NULL);
    assert_int_equal(events.count, 1);
    assert_int_equal(also.count, 1);
    assert_int_equal(jobs.count, 0);
    wake_free(wake);
}

TEST(nothing_is_kept_for_others_while_nobody_carries)
{
    struct wake *wake = wake_create();
    wake_publish(wake, WAKE_EVENTS, TEXT_NULL);
    wake_tell(wake, WAKE_JOBS, TEXT_NULL);
    assert_false(is_called(wake));
    wake_free(wake);
}

TEST(what_is_told_is_heard_by_others_and_not_here)
{
    struct wake *here = carried();
    struct wake *there = carried();
    struct ear mine = listen();
    struct ear theirs = listen();
    wake_subscribe(here, WAKE_ENDED, &mine.listener);
    wake_subscribe(there, WAKE_ENDED, &theirs.listener);
    wake_tell(here, WAKE_ENDED, TEXT("a"));
    wake_tell(here, WAKE_ENDED, TEXT("b"));
    assert_true(is_called(here));
    carry(here, there);
    assert_int_equal(mine.count, 0);
    assert_int_equal(theirs.count, 2);
    assert_int_equal(theirs.unnamed, 0);
    assert_string_equal(theirs.last, "b");
    assert_false(is_called(here));
    carry(here, there);
    assert_int_equal(theirs.count, 2);
    wake_free(here);
    wake_free(there);
}

TEST(a_message_of_this_process_is_passed_over)
{
    struct wake *wake = carried();
    struct ear ear = listen();
    wake_subscribe(wake, WAKE_JOBS, &ear.listener);
    wake_tell(wake, WAKE_JOBS, TEXT_NULL);
    carry(wake, wake);
    assert_int_equal(ear.count, 0);
    wake_free(wake);
}

TEST(too_many_details_are_told_as_one_without)
{
    struct wake *here = carried();
    struct wake *there = carried();
    struct ear theirs = listen();
    wake_subscribe(there, WAKE_ENDED, &theirs.listener);
    for (int i = 0; i < 1000; i++)
        wake_tell(here, WAKE_ENDED, TEXT("3d54ccc3-2ef4-4495-856a-b541cebb4eb6"));
    carry(here, there);
    assert_int_equal(theirs.count, 1);
    assert_int_equal(theirs.unnamed, 1);
    wake_tell(here, WAKE_ENDED, TEXT("c"));
    carry(here, there);
    assert_string_equal(theirs.last, "c");
    wake_free(here);
    wake_free(there);
}

TEST(there_is_news_of_everything_when_carrying_begins)
{
    struct wake *here = wake_create();
    struct wake *there = carried();
    struct ear mine = listen();
    struct ear theirs = listen();
    wake_subscribe(here, WAKE_EVENTS, &mine.listener);
    wake_subscribe(there, WAKE_EVENTS, &theirs.listener);
    wake_set_carried(here, true);
    assert_int_equal(mine.unnamed, 1);
    carry(here, there);
    assert_int_equal(theirs.unnamed, 1);
    wake_set_carried(here, true);
    assert_int_equal(mine.count, 1);
    wake_set_carried(here, false);
    wake_set_carried(here, true);
    assert_int_equal(mine.count, 2);
    wake_free(here);
    wake_free(there);
}

TEST(a_message_of_no_sense_is_passed_over)
{
    struct wake *wake = carried();
    struct ear ear = listen();
    wake_subscribe(wake, WAKE_JOBS, &ear.listener);
    wake_hear(wake, TEXT(""));
    wake_hear(wake, TEXT("|"));
    wake_hear(wake, TEXT("somebody|"));
    wake_hear(wake, TEXT("somebody|later detail|jobs2|"));
    assert_int_equal(ear.count, 0);
    wake_hear(wake, TEXT("somebody|later|jobs"));
    assert_int_equal(ear.count, 1);
    wake_free(wake);
}

UNIT_TESTS(cmocka_unit_test(publishing_tells_the_listeners_of_the_topic_at_once),
           cmocka_unit_test(nothing_is_kept_for_others_while_nobody_carries),
           cmocka_unit_test(what_is_told_is_heard_by_others_and_not_here),
           cmocka_unit_test(a_message_of_this_process_is_passed_over),
           cmocka_unit_test(too_many_details_are_told_as_one_without),
           cmocka_unit_test(there_is_news_of_everything_when_carrying_begins),
           cmocka_unit_test(a_message_of_no_sense_is_passed_over))
