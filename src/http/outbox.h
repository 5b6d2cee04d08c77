/*
 * outbox.h: bytes that wait until a client takes them.
 *
 *   outbox ── item ── item ── item        oldest first; the first may be partly sent
 *               │       │       │
 *             block   block   block       the bytes, each shared by all outboxes that hold it
 *
 * What goes to many clients is made once, as a block, and each outbox has no more than a reference.
 * An outbox without anything to send owns no memory. Blocks and outboxes belong to one loop.
 */
#ifndef ERRAND_HTTP_OUTBOX_H
#define ERRAND_HTTP_OUTBOX_H

#include <stddef.h>

#include "base/text.h"

struct block {
    unsigned references;
    size_t length;
    char data[];
};

/* block_create: `length` bytes for the caller to fill, who has the first reference. */
struct block *block_create(size_t length);
void block_hold(struct block *block);

/* block_release: gives a reference back; takes NULL. */
void block_release(struct block *block);

struct outbox_item;

/* Zeroed at first. */
struct outbox {
    struct outbox_item *first;
    struct outbox_item *last;
    size_t taken; /* bytes of the first item that are gone already */
    size_t bytes; /* that wait */
};

/* outbox_add: `block` behind the others; takes a reference of its own. */
void outbox_add(struct outbox *outbox, struct block *block);

/* outbox_add_bytes: likewise a block of these bytes alone. */
void outbox_add_bytes(struct outbox *outbox, const void *bytes, size_t length);

/* outbox_send: writes to the socket what it takes without waiting. 0, whether or not something is
 * left; ERROR_IO when the socket is of no more use. */
int outbox_send(struct outbox *outbox, int descriptor);

/* outbox_take: moves at most `size` bytes to `bytes`; returns how many. */
size_t outbox_take(struct outbox *outbox, char *bytes, size_t size);

/* outbox_clear: drops everything. */
void outbox_clear(struct outbox *outbox);

#endif
