/*
 * test_outbox.c: what waits for a client goes out in order, whole, and shared.
 */
#include "http/outbox.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "support.h"

enum { BIG = 1 << 20 };

static void add(struct outbox *outbox, const char *string)
{
    outbox_add_bytes(outbox, string, strlen(string));
}

static void test_bytes_are_taken_in_order(void **state)
{
    (void)state;
    struct outbox outbox = {0};
    char bytes[16];
    add(&outbox, "one");
    add(&outbox, "");
    add(&outbox, "two");
    assert_int_equal(outbox.bytes, 6);
    assert_int_equal(outbox_take(&outbox, bytes, 4), 4);
    assert_memory_equal(bytes, "onet", 4);
    add(&outbox, "!");
    assert_int_equal(outbox_take(&outbox, bytes, sizeof bytes), 3);
    assert_memory_equal(bytes, "wo!", 3);
    assert_int_equal(outbox.bytes, 0);
    assert_null(outbox.first);
    assert_int_equal(outbox_take(&outbox, bytes, sizeof bytes), 0);
}

static void test_a_block_is_shared_and_goes_with_the_last_who_has_it(void **state)
{
    (void)state;
    struct outbox first = {0};
    struct outbox second = {0};
    struct block *block = block_create(5);
    memcpy(block->data, "hello", 5);
    outbox_add(&first, block);
    outbox_add(&second, block);
    assert_int_equal(block->references, 3);
    outbox_clear(&first);
    assert_int_equal(first.bytes, 0);
    assert_int_equal(block->references, 2);
    char bytes[5];
    assert_int_equal(outbox_take(&second, bytes, 5), 5);
    assert_int_equal(block->references, 1);
    block_release(block);
    block_release(NULL);
}

/* Receives what is there, which must go on from `received` in the pattern; how much there is then.
 */
static size_t receive(int descriptor, size_t received)
{
    static char bytes[BIG];
    ssize_t length = recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
    assert_true(length > 0);
    for (ssize_t i = 0; i < length; i++)
        assert_int_equal(bytes[i], (char)((received + (size_t)i) % 251));
    return received + (size_t)length;
}

/* A socket that is full takes part of a block; the rest goes out from there. */
static void test_what_a_socket_does_not_take_waits(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    struct outbox outbox = {0};
    struct block *block = block_create(BIG);
    for (size_t i = 0; i < BIG; i++)
        block->data[i] = (char)(i % 251);
    outbox_add(&outbox, block);
    block_release(block);
    assert_int_equal(outbox_send(&outbox, ends[0]), 0);
    assert_true(outbox.bytes > 0);
    size_t received = 0;
    while (received < BIG) {
        received = receive(ends[1], received);
        assert_int_equal(outbox_send(&outbox, ends[0]), 0);
    }
    assert_int_equal(received, BIG);
    assert_int_equal(outbox.bytes, 0);
    close(ends[0]);
    close(ends[1]);
}

static void test_many_small_blocks_go_out_together(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    struct outbox outbox = {0};
    for (size_t i = 0; i < 1000; i++) {
        char byte = (char)(i % 251);
        outbox_add_bytes(&outbox, &byte, 1);
    }
    assert_int_equal(outbox_send(&outbox, ends[0]), 0);
    assert_int_equal(outbox.bytes, 0);
    assert_int_equal(receive(ends[1], 0), 1000);
    close(ends[0]);
    close(ends[1]);
}

static void test_a_socket_that_is_shut_is_told(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    close(ends[1]);
    struct outbox outbox = {0};
    add(&outbox, "anybody?");
    assert_int_equal(outbox_send(&outbox, ends[0]), ERROR_IO);
    outbox_clear(&outbox);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_taken_in_order),
        cmocka_unit_test(test_a_block_is_shared_and_goes_with_the_last_who_has_it),
        cmocka_unit_test(test_what_a_socket_does_not_take_waits),
        cmocka_unit_test(test_many_small_blocks_go_out_together),
        cmocka_unit_test(test_a_socket_that_is_shut_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
