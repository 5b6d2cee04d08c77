#include "domain/job_consumer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "domain/job_broker.h"
#include "domain/job_external.h"
#include "domain/job_line.h"
#include "domain/job_message.h"
#include "domain/job_queue.h"
#include "domain/job_topology.h"

enum {
    PREFETCH = 128, /* jobs of an operation that are asked for ahead, for each worker */
    PREFETCH_LIMIT = 1024,
    PREFETCH_OTHERS = 32, /* messages of other kinds */
    SETTLE_BATCH = 64,
};

#define LOOK_INTERVAL CLOCK_SECOND

struct job_consumer {
    struct services *services;
    struct job_inbox *inbox;
    struct job_line *line;
    unsigned workers;
    uint64_t connection;
};

/* Connecting. */

static int consume_jobs(const struct job_consumer *consumer, struct queue_link *link,
                        struct arena *arena)
{
    const struct operations *operations = job_queue_operations(consumer->services->jobs);
    unsigned prefetch = consumer->workers * PREFETCH;
    if (prefetch > PREFETCH_LIMIT)
        prefetch = PREFETCH_LIMIT;
    int error = 0;
    for (size_t i = 0; error >= 0 && i < operations_count(operations); i++) {
        const struct operation *operation = operations_at(operations, i);
        if (operation->internal || operation->external)
            continue;
        struct text name = text_from(operation->name);
        error = job_topology_declare_operation(link, arena, name);
        if (error >= 0)
            error = queue_link_consume(link, job_topology_queue(arena, name), prefetch);
    }
    return error < 0 ? error : 0;
}

static bool has_external(const struct operations *operations)
{
    for (size_t i = 0; i < operations_count(operations); i++) {
        if (operations_at(operations, i)->external)
            return true;
    }
    return false;
}

static int prepare(void *owner, struct queue_link *link)
{
    struct job_consumer *consumer = owner;
    struct arena arena;
    arena_init(&arena);
    consumer->connection = job_inbox_open(consumer->inbox);
    int error = job_topology_declare(link);
    if (error >= 0 && consumer->workers > 0)
        error = consume_jobs(consumer, link, &arena);
    if (error >= 0 && has_external(job_queue_operations(consumer->services->jobs)))
        error = queue_link_consume(link, JOB_RESULTS, PREFETCH_OTHERS);
    if (error >= 0)
        error = queue_link_consume(link, JOB_REJECTED, PREFETCH_OTHERS);
    arena_release(&arena);
    return error;
}

/* Settling. */

static int settle(struct job_consumer *consumer, struct queue_link *link, uint64_t tag,
                  bool rejected)
{
    if (rejected)
        job_broker_count(consumer->services->broker, JOB_BROKER_REJECTED, 1);
    return queue_link_settle(link, tag, rejected);
}

static int settle_all(struct job_consumer *consumer, struct queue_link *link)
{
    struct job_settlement settlements[SETTLE_BATCH];
    size_t count = SETTLE_BATCH;
    int error = 0;
    while (error >= 0 && count == SETTLE_BATCH) {
        count = job_inbox_settled(consumer->inbox, settlements, SETTLE_BATCH);
        for (size_t i = 0; error >= 0 && i < count; i++)
            error = settle(consumer, link, settlements[i].ticket.tag, settlements[i].rejected);
    }
    return error;
}

/* Messages. Each of these is 0 when the message may be forgotten, ERROR_INVALID when it is none, or
 * the database's error. */

static int take_answer(struct job_consumer *consumer, struct arena *arena, struct text body)
{
    struct job_answer answer;
    int error = job_answer_read(arena, body, &answer);
    return error < 0 ? error : job_external_answer(consumer->services, arena, &answer);
}

/* There is nowhere to put these aside. */
static int take_dead_letter(struct job_consumer *consumer, struct arena *arena, struct text body)
{
    struct job_message message;
    if (job_message_read(arena, body, &message) < 0)
        return 0;
    int error = job_external_bury(consumer->services, arena, &message);
    return error == ERROR_INVALID ? 0 : error;
}

/* Leaves the message with the broker until a worker has carried out the job. */
static int take_job(struct job_consumer *consumer, struct arena *arena,
                    const struct queue_delivery *delivery, const struct operation *operation)
{
    struct job_message message;
    int error = job_message_read(arena, delivery->body, &message);
    if (error < 0)
        return error;
    struct job_delivery job = {
        .operation = operation,
        .ticket = {.connection = consumer->connection, .tag = delivery->tag},
    };
    memcpy(job.id, message.id.data, message.id.length);
    job_inbox_add(consumer->inbox, &job);
    job_queue_call_one(consumer->services->jobs);
    return 1;
}

static int take(struct job_consumer *consumer, struct arena *arena,
                const struct queue_delivery *delivery)
{
    job_broker_count(consumer->services->broker, JOB_BROKER_CONSUMED, 1);
    if (text_is(delivery->queue, JOB_RESULTS))
        return take_answer(consumer, arena, delivery->body);
    if (text_is(delivery->queue, JOB_REJECTED)) {
        job_broker_count(consumer->services->broker, JOB_BROKER_BURIED, 1);
        return take_dead_letter(consumer, arena, delivery->body);
    }
    const struct operation *operation = operation_find(
        job_queue_operations(consumer->services->jobs), job_topology_operation(delivery->queue));
    return operation == NULL ? ERROR_INVALID : take_job(consumer, arena, delivery, operation);
}

/* Where the database fails the connection is given up, and the broker brings the message again. */
static int handle(struct job_consumer *consumer, struct queue_link *link, struct arena *arena,
                  const struct queue_delivery *delivery)
{
    int result = take(consumer, arena, delivery);
    if (result > 0)
        return 0;
    if (result == 0 || result == ERROR_INVALID)
        return settle(consumer, link, delivery->tag, result < 0);
    queue_link_close(link, "what it has brought could not be written to the database");
    return ERROR_UNAVAILABLE;
}

static int work(void *owner, struct queue_link *link)
{
    struct job_consumer *consumer = owner;
    struct arena arena;
    struct queue_delivery delivery;
    int error = settle_all(consumer, link);
    if (error < 0)
        return error;
    arena_init(&arena);
    int found = queue_link_next(link, job_line_wake_descriptor(consumer->line), LOOK_INTERVAL,
                                &arena, &delivery);
    error = found > 0 ? handle(consumer, link, &arena, &delivery) : found;
    arena_release(&arena);
    return error;
}

/* No worker runs any more. */
static void finish(void *owner, struct queue_link *link)
{
    (void)settle_all(owner, link);
}

static const struct job_line_role role = {
    .thread = "errand-consume",
    .purpose = "errand consumer",
    .prepare = prepare,
    .work = work,
    .finish = finish,
};

int job_consumer_start(struct job_consumer **ret_consumer, struct services *services,
                       const struct queue_address *address, struct job_inbox *inbox,
                       unsigned workers)
{
    struct job_consumer *consumer = memory_allocate(sizeof *consumer);
    consumer->services = services;
    consumer->inbox = inbox;
    consumer->workers = workers;
    *ret_consumer = consumer;
    int error = job_line_start(&consumer->line, services->broker, address, &role, consumer);
    if (error < 0) {
        *ret_consumer = NULL;
        job_consumer_stop(consumer);
    }
    return error;
}

void job_consumer_stop(struct job_consumer *consumer)
{
    if (consumer == NULL)
        return;
    job_line_stop(consumer->line);
    free(consumer);
}

void job_consumer_wake(struct job_consumer *consumer)
{
    if (consumer != NULL)
        job_line_wake(consumer->line);
}
