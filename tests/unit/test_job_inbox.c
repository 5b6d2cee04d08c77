/*
 * test_job_inbox.c: what the broker brings comes out in order, and what belongs to a connection
 * that is gone does not.
 */
#include "domain/job_inbox.h"

#include <stdio.h>

#include "support.h"

enum { MANY = 1000 };

static void count_wake(void *argument)
{
    int *wakes = argument;
    ++*wakes;
}

static struct job_delivery delivery_of(uint64_t connection, uint64_t tag)
{
    struct job_delivery delivery = {.ticket = {connection, tag}};
    snprintf(delivery.id, sizeof delivery.id, "%ju", (uintmax_t)tag);
    return delivery;
}

static void add(struct job_inbox *inbox, uint64_t connection, uint64_t tag)
{
    const struct job_delivery delivery = delivery_of(connection, tag);
    job_inbox_add(inbox, &delivery);
}

TEST(gives_them_as_they_came)
{
    int wakes = 0;
    struct job_inbox *inbox = job_inbox_create(count_wake, &wakes);
    struct job_delivery taken[MANY];
    uint64_t connection = job_inbox_open(inbox);
    assert_true(job_inbox_is_empty(inbox));
    assert_int_equal(job_inbox_take(inbox, taken, MANY), 0);
    uint64_t next = 1;
    uint64_t last = 0;
    while (last < MANY) {
        for (int i = 0; i < 7; i++)
            add(inbox, connection, ++last);
        size_t count = job_inbox_take(inbox, taken, 5);
        assert_int_equal(count, 5);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(taken[i].ticket.tag, next++);
        job_inbox_put_back(inbox, taken + 3, 2);
        next -= 2;
    }
    assert_int_equal(job_inbox_take(inbox, taken, MANY), last - next + 1);
    assert_int_equal(taken[0].ticket.tag, next);
    assert_true(job_inbox_is_empty(inbox));
    job_inbox_free(inbox);
}

TEST(wakes_once_until_what_is_settled_is_taken)
{
    int wakes = 0;
    struct job_inbox *inbox = job_inbox_create(count_wake, &wakes);
    uint64_t connection = job_inbox_open(inbox);
    struct job_settlement settled[4];
    job_inbox_settle(inbox, (struct job_ticket){connection, 0}, false);
    assert_int_equal(wakes, 0);
    for (uint64_t tag = 1; tag <= 3; tag++)
        job_inbox_settle(inbox, (struct job_ticket){connection, tag}, tag == 2);
    assert_int_equal(wakes, 1);
    assert_int_equal(job_inbox_settled(inbox, settled, 4), 3);
    assert_int_equal(settled[1].ticket.tag, 2);
    assert_true(settled[1].rejected);
    assert_false(settled[2].rejected);
    job_inbox_settle(inbox, (struct job_ticket){connection, 4}, false);
    assert_int_equal(wakes, 2);
    job_inbox_free(inbox);
}

TEST(forgets_what_belongs_to_an_earlier_connection)
{
    int wakes = 0;
    struct job_inbox *inbox = job_inbox_create(count_wake, &wakes);
    struct job_delivery taken[4];
    struct job_settlement settled[4];
    uint64_t first = job_inbox_open(inbox);
    add(inbox, first, 1);
    add(inbox, first, 2);
    assert_int_equal(job_inbox_take(inbox, taken, 1), 1);
    job_inbox_settle(inbox, (struct job_ticket){first, 7}, false);
    uint64_t second = job_inbox_open(inbox);
    assert_true(second != first);
    job_inbox_put_back(inbox, taken, 1);
    job_inbox_settle(inbox, taken[0].ticket, false);
    assert_true(job_inbox_is_empty(inbox));
    assert_int_equal(job_inbox_settled(inbox, settled, 4), 0);
    add(inbox, second, 1);
    assert_int_equal(job_inbox_take(inbox, taken, 4), 1);
    job_inbox_free(inbox);
}

UNIT_TESTS(cmocka_unit_test(gives_them_as_they_came),
           cmocka_unit_test(wakes_once_until_what_is_settled_is_taken),
           cmocka_unit_test(forgets_what_belongs_to_an_earlier_connection))
