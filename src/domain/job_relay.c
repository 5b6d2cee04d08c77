#include "domain/job_relay.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "domain/job_broker.h"
#include "domain/job_line.h"
#include "domain/job_outbox.h"
#include "domain/job_queue.h"
#include "domain/job_topology.h"
#include "domain/operation.h"

enum {
    NAMES_LIMIT = 256,
    FLIGHTS = 4, /* batches that are not confirmed, at most */
};
static_assert(FLIGHTS * JOB_OUTBOX_BATCH <= QUEUE_LINK_WINDOW, "so that the link is never full");

#define LOOK_INTERVAL CLOCK_SECOND
#define CONFIRM_PATIENCE (30 * CLOCK_SECOND)
#define FINISH_PATIENCE CLOCK_SECOND
#define LOST_INTERVAL CLOCK_MINUTE /* how often it looks for messages that the broker has lost */
#define LOST_AGE CLOCK_HOUR        /* longer than RabbitMQ lets a consumer keep a message */

/* A batch that is with the broker, or on the way there. */
struct flight {
    int64_t now; /* its published_at */
    int64_t numbers[JOB_OUTBOX_BATCH];
    size_t count;
    uint64_t last; /* of its messages, by the link's count */
    int64_t until; /* clock_monotonic(): is to be confirmed by then */
};

struct job_relay {
    struct services *services;
    struct job_line *line;
    struct arena arena; /* the names of this connection */
    struct text names[NAMES_LIMIT];
    size_t count; /* of operations whose queues are there */
    int64_t lost_at;
    struct flight flights[FLIGHTS]; /* the oldest first, from `first` on, around the end */
    size_t first;
    size_t flying;
};

/* A batch as it is taken from the outbox. */
struct batch {
    struct arena arena;
    int64_t now;
    struct job_posting postings[JOB_OUTBOX_BATCH];
    size_t count;
};

static int run_has_some(struct db_connection *connection, void *argument)
{
    (void)argument;
    int64_t one;
    int error = db_query_integer(
        connection, TEXT("SELECT 1 FROM jobs WHERE status = 0 AND published_at = 0 LIMIT 1"),
        DB_NO_VALUES, &one);
    return error == ERROR_NOT_FOUND ? 0 : error == 0 ? 1 : error;
}

static int run_take(struct db_connection *connection, void *argument)
{
    struct batch *batch = argument;
    int count = job_outbox_take(connection, &batch->arena, batch->now, batch->postings);
    if (count >= 0)
        batch->count = (size_t)count;
    return count;
}

static int run_return(struct db_connection *connection, void *argument)
{
    const struct flight *flight = argument;
    return job_outbox_return(connection, flight->numbers, flight->count, flight->now);
}

struct reclaim {
    struct text operation;
    int64_t before;
};

static int run_reclaim(struct db_connection *connection, void *argument)
{
    const struct reclaim *reclaim = argument;
    return job_outbox_reclaim(connection, reclaim->operation, reclaim->before);
}

/* What the database refuses comes again: rows that were not reclaimed are found by LOST_AGE. */
static void reclaim(struct job_relay *relay, struct text operation, int64_t before)
{
    struct reclaim request = {operation, before};
    int count = 1;
    while (count > 0 && !job_line_is_closing(relay->line))
        count = db_write(relay->services->db, run_reclaim, &request);
}

/* A queue that had to be made has lost what was published to it before `now`. */
static int declare(struct job_relay *relay, struct queue_link *link, struct text operation,
                   int64_t now)
{
    for (size_t i = 0; i < relay->count; i++) {
        if (text_equal(relay->names[i], operation))
            return 0;
    }
    int found = job_topology_declare_operation(link, &relay->arena, operation);
    if (found < 0)
        return found;
    if (found == 0)
        reclaim(relay, operation, now);
    if (relay->count < NAMES_LIMIT)
        relay->names[relay->count++] = arena_copy(&relay->arena, operation);
    return 0;
}

static int publish(struct job_relay *relay, struct queue_link *link, const struct batch *batch)
{
    struct arena arena;
    int error = 0;
    for (size_t i = 0; error >= 0 && i < batch->count; i++) {
        const struct job_message *job = &batch->postings[i].message;
        arena_init(&arena);
        const struct queue_message message = {
            .exchange = JOB_EXCHANGE,
            .key = job->operation,
            .id = job->id,
            .type = job->operation,
            .body = job_message_write(&arena, job),
        };
        error = declare(relay, link, job->operation, batch->now);
        if (error >= 0)
            error = queue_link_publish(link, &message);
        if (error >= 0)
            job_broker_count(relay->services->broker, JOB_BROKER_PUBLISHED, 1);
        arena_release(&arena);
    }
    return error;
}

static struct flight *flight_at(struct job_relay *relay, size_t index)
{
    return &relay->flights[(relay->first + index) % FLIGHTS];
}

static void add_flight(struct job_relay *relay, const struct queue_link *link,
                       const struct batch *batch)
{
    struct flight *flight = flight_at(relay, relay->flying++);
    flight->now = batch->now;
    flight->count = batch->count;
    for (size_t i = 0; i < batch->count; i++)
        flight->numbers[i] = batch->postings[i].number;
    flight->last = queue_link_published(link) + batch->count;
    flight->until = clock_monotonic() + CONFIRM_PATIENCE;
}

/* Lets go what the broker has confirmed. */
static int land(struct job_relay *relay, struct queue_link *link)
{
    while (relay->flying > 0) {
        const struct flight *flight = flight_at(relay, 0);
        if (queue_link_confirmed(link) < flight->last) {
            if (clock_monotonic() < flight->until)
                return 0;
            queue_link_close(link, "it does not confirm messages");
            return ERROR_UNAVAILABLE;
        }
        job_broker_count(relay->services->broker, JOB_BROKER_CONFIRMED, flight->count);
        relay->first = (relay->first + 1) % FLIGHTS;
        relay->flying--;
    }
    return 0;
}

/* The connection is gone: whatever was not confirmed is to be published again. What the database
 * does not take back now, workers find as strays, or LOST_AGE does. */
static void return_flights(struct job_relay *relay)
{
    for (; relay->flying > 0; relay->flying--)
        (void)db_write(relay->services->db, run_return, flight_at(relay, relay->flying - 1));
}

/* 1 when it published something, 0 when there was nothing (or no database), or the link's error. */
static int publish_next(struct job_relay *relay, struct queue_link *link)
{
    struct db *db = relay->services->db;
    if (db_read(db, DB_SINGLE, run_has_some, NULL) <= 0)
        return 0;
    struct batch *batch = memory_allocate(sizeof *batch);
    arena_init(&batch->arena);
    batch->now = clock_now();
    int count = db_write(db, run_take, batch);
    int error = 0;
    if (count > 0) {
        add_flight(relay, link, batch);
        error = publish(relay, link, batch);
    }
    arena_release(&batch->arena);
    free(batch);
    return error < 0 ? error : count > 0;
}

/* Jobs of others whose queue has been empty for long are in it no more. */
static int look_for_lost(struct job_relay *relay, struct queue_link *link)
{
    int64_t now = clock_monotonic();
    if (now < relay->lost_at)
        return 0;
    relay->lost_at = now + LOST_INTERVAL;
    const struct operations *operations = job_queue_operations(relay->services->jobs);
    int error = 0;
    for (size_t i = 0; error >= 0 && i < operations_count(operations); i++) {
        const struct operation *operation = operations_at(operations, i);
        if (!operation->external)
            continue;
        struct arena arena;
        int64_t waiting = 0;
        arena_init(&arena);
        struct text name = text_from(operation->name);
        error = queue_link_count(link, job_topology_queue(&arena, name), &waiting);
        if (error >= 0 && waiting == 0)
            reclaim(relay, name, clock_now() - LOST_AGE);
        arena_release(&arena);
    }
    return error == ERROR_NOT_FOUND ? ERROR_UNAVAILABLE : error;
}

static int prepare(void *owner, struct queue_link *link)
{
    struct job_relay *relay = owner;
    arena_release(&relay->arena);
    relay->count = 0;
    const struct operations *operations = job_queue_operations(relay->services->jobs);
    int error = job_topology_declare(link);
    for (size_t i = 0; error >= 0 && i < operations_count(operations); i++) {
        const struct operation *operation = operations_at(operations, i);
        if (!operation->internal)
            error = declare(relay, link, text_from(operation->name), clock_now());
    }
    return error;
}

static int work(void *owner, struct queue_link *link)
{
    struct job_relay *relay = owner;
    int published = 1;
    int error = 0;
    while (published > 0 && (error = land(relay, link)) == 0 && relay->flying < FLIGHTS &&
           !job_line_is_closing(relay->line))
        published = publish_next(relay, link);
    if (error == 0)
        error = published < 0 ? published : look_for_lost(relay, link);
    if (error < 0)
        return error;
    struct queue_delivery ignored; /* this connection gets none */
    return queue_link_next(link, job_line_wake_descriptor(relay->line), LOOK_INTERVAL,
                           &relay->arena, &ignored);
}

static void lose(void *owner)
{
    return_flights(owner);
}

/* Gives the broker a moment to confirm what was published last. */
static void finish(void *owner, struct queue_link *link)
{
    struct job_relay *relay = owner;
    struct queue_delivery ignored;
    int64_t deadline = clock_monotonic() + FINISH_PATIENCE;
    int error = land(relay, link);
    while (error == 0 && relay->flying > 0 && clock_monotonic() < deadline) {
        error = queue_link_next(link, -1, deadline - clock_monotonic(), &relay->arena, &ignored);
        if (error == 0)
            error = land(relay, link);
    }
    return_flights(relay);
}

static const struct job_line_role role = {
    .thread = "errand-relay",
    .purpose = "errand relay",
    .prepare = prepare,
    .work = work,
    .lose = lose,
    .finish = finish,
};

int job_relay_start(struct job_relay **ret_relay, struct services *services,
                    const struct queue_address *address)
{
    struct job_relay *relay = memory_allocate(sizeof *relay);
    relay->services = services;
    arena_init(&relay->arena);
    *ret_relay = relay;
    int error = job_line_start(&relay->line, services->broker, address, &role, relay);
    if (error < 0) {
        *ret_relay = NULL;
        job_relay_stop(relay);
    }
    return error;
}

void job_relay_stop(struct job_relay *relay)
{
    if (relay == NULL)
        return;
    job_line_stop(relay->line);
    arena_release(&relay->arena);
    free(relay);
}

void job_relay_wake(struct job_relay *relay)
{
    if (relay != NULL)
        job_line_wake(relay->line);
}
