#include "domain/job_inbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Items of one size, first in, first out. */
struct ring {
    char *items;
    size_t size; /* of an item */
    size_t first;
    size_t count;
    size_t capacity;
};

struct job_inbox {
    pthread_mutex_t mutex;
    uint64_t connection;
    struct ring deliveries;
    struct ring settlements;
    void (*wake)(void *argument);
    void *argument;
};

enum { CAPACITY = 256 };

static void *item_at(const struct ring *ring, size_t index)
{
    return ring->items + (ring->first + index) % ring->capacity * ring->size;
}

static void grow(struct ring *ring)
{
    size_t capacity = ring->capacity == 0 ? CAPACITY : 2 * ring->capacity;
    char *items = memory_allocate(capacity * ring->size);
    for (size_t i = 0; i < ring->count; i++)
        memcpy(items + i * ring->size, item_at(ring, i), ring->size);
    free(ring->items);
    ring->items = items;
    ring->first = 0;
    ring->capacity = capacity;
}

static void add_last(struct ring *ring, const void *item)
{
    if (ring->count == ring->capacity)
        grow(ring);
    memcpy(item_at(ring, ring->count++), item, ring->size);
}

static void add_first(struct ring *ring, const void *item)
{
    if (ring->count == ring->capacity)
        grow(ring);
    ring->first = (ring->first + ring->capacity - 1) % ring->capacity;
    ring->count++;
    memcpy(item_at(ring, 0), item, ring->size);
}

static size_t take_first(struct ring *ring, void *items, size_t limit)
{
    size_t count = ring->count < limit ? ring->count : limit;
    for (size_t i = 0; i < count; i++)
        memcpy((char *)items + i * ring->size, item_at(ring, i), ring->size);
    if (count > 0)
        ring->first = (ring->first + count) % ring->capacity;
    ring->count -= count;
    return count;
}

struct job_inbox *job_inbox_create(void (*wake)(void *argument), void *argument)
{
    struct job_inbox *inbox = memory_allocate(sizeof *inbox);
    pthread_mutex_init(&inbox->mutex, NULL);
    inbox->deliveries.size = sizeof(struct job_delivery);
    inbox->settlements.size = sizeof(struct job_settlement);
    inbox->wake = wake;
    inbox->argument = argument;
    return inbox;
}

void job_inbox_free(struct job_inbox *inbox)
{
    if (inbox == NULL)
        return;
    free(inbox->deliveries.items);
    free(inbox->settlements.items);
    pthread_mutex_destroy(&inbox->mutex);
    free(inbox);
}

uint64_t job_inbox_open(struct job_inbox *inbox)
{
    pthread_mutex_lock(&inbox->mutex);
    inbox->deliveries.count = inbox->settlements.count = 0;
    uint64_t connection = ++inbox->connection;
    pthread_mutex_unlock(&inbox->mutex);
    return connection;
}

void job_inbox_add(struct job_inbox *inbox, const struct job_delivery *delivery)
{
    pthread_mutex_lock(&inbox->mutex);
    add_last(&inbox->deliveries, delivery);
    pthread_mutex_unlock(&inbox->mutex);
}

bool job_inbox_is_empty(struct job_inbox *inbox)
{
    pthread_mutex_lock(&inbox->mutex);
    bool empty = inbox->deliveries.count == 0;
    pthread_mutex_unlock(&inbox->mutex);
    return empty;
}

size_t job_inbox_take(struct job_inbox *inbox, struct job_delivery *deliveries, size_t limit)
{
    pthread_mutex_lock(&inbox->mutex);
    size_t count = take_first(&inbox->deliveries, deliveries, limit);
    pthread_mutex_unlock(&inbox->mutex);
    return count;
}

void job_inbox_put_back(struct job_inbox *inbox, const struct job_delivery *deliveries,
                        size_t count)
{
    pthread_mutex_lock(&inbox->mutex);
    for (size_t i = count; i > 0; i--) {
        if (deliveries[i - 1].ticket.connection == inbox->connection)
            add_first(&inbox->deliveries, &deliveries[i - 1]);
    }
    pthread_mutex_unlock(&inbox->mutex);
}

void job_inbox_settle(struct job_inbox *inbox, struct job_ticket ticket, bool rejected)
{
    const struct job_settlement settlement = {ticket, rejected};
    if (ticket.tag == 0)
        return;
    pthread_mutex_lock(&inbox->mutex);
    bool first = false;
    if (ticket.connection == inbox->connection) {
        first = inbox->settlements.count == 0;
        add_last(&inbox->settlements, &settlement);
    }
    pthread_mutex_unlock(&inbox->mutex);
    if (first)
        inbox->wake(inbox->argument);
}

size_t job_inbox_settled(struct job_inbox *inbox, struct job_settlement *settlements, size_t limit)
{
    pthread_mutex_lock(&inbox->mutex);
    size_t count = take_first(&inbox->settlements, settlements, limit);
    pthread_mutex_unlock(&inbox->mutex);
    return count;
}
