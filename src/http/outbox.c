#include "http/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/error.h"
#include "base/memory.h"

enum { PARTS = 32 }; /* blocks that go into one system call */

struct outbox_item {
    struct outbox_item *next;
    struct block *block;
};

struct block *block_create(size_t length)
{
    struct block *block = memory_allocate(sizeof *block + length);
    block->references = 1;
    block->length = length;
    return block;
}

void block_hold(struct block *block)
{
    block->references++;
}

void block_release(struct block *block)
{
    if (block != NULL && --block->references == 0)
        free(block);
}

void outbox_add(struct outbox *outbox, struct block *block)
{
    struct outbox_item *item = memory_allocate(sizeof *item);
    item->block = block;
    block_hold(block);
    if (outbox->last != NULL)
        outbox->last->next = item;
    else
        outbox->first = item;
    outbox->last = item;
    outbox->bytes += block->length;
}

void outbox_add_bytes(struct outbox *outbox, const void *bytes, size_t length)
{
    struct block *block = block_create(length);
    memcpy(block->data, bytes, length);
    outbox_add(outbox, block);
    block_release(block);
}

static void remove_first(struct outbox *outbox)
{
    struct outbox_item *item = outbox->first;
    outbox->first = item->next;
    if (outbox->first == NULL)
        outbox->last = NULL;
    outbox->taken = 0;
    block_release(item->block);
    free(item);
}

static size_t left_of_first(const struct outbox *outbox)
{
    return outbox->first->block->length - outbox->taken;
}

/* The next `length` bytes are gone. */
static void advance(struct outbox *outbox, size_t length)
{
    outbox->bytes -= length;
    while (outbox->first != NULL && length >= left_of_first(outbox)) {
        length -= left_of_first(outbox);
        remove_first(outbox);
    }
    outbox->taken += length;
}

int outbox_send(struct outbox *outbox, int descriptor)
{
    while (outbox->first != NULL) {
        struct iovec parts[PARTS];
        struct msghdr message = {.msg_iov = parts};
        size_t taken = outbox->taken;
        size_t length = 0;
        for (struct outbox_item *item = outbox->first; item != NULL && message.msg_iovlen < PARTS;
             item = item->next) {
            size_t left = item->block->length - taken;
            parts[message.msg_iovlen++] = (struct iovec){item->block->data + taken, left};
            length += left;
            taken = 0;
        }
        ssize_t sent = sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : ERROR_IO;
        advance(outbox, (size_t)sent);
        if ((size_t)sent < length)
            return 0;
    }
    return 0;
}

size_t outbox_take(struct outbox *outbox, char *bytes, size_t size)
{
    size_t done = 0;
    while (outbox->first != NULL && done < size) {
        size_t left = left_of_first(outbox);
        size_t length = left < size - done ? left : size - done;
        memcpy(bytes + done, outbox->first->block->data + outbox->taken, length);
        advance(outbox, length);
        done += length;
    }
    return done;
}

void outbox_clear(struct outbox *outbox)
{
    while (outbox->first != NULL)
        remove_first(outbox);
    outbox->bytes = 0;
}
