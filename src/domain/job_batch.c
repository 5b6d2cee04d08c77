#include "domain/job_batch.h"

#include "base/clock.h"
#include "base/config.h"
#include "domain/job_broker.h"
#include "domain/job_inbox.h"
#include "domain/job_queue.h"

#define LOOK_INTERVAL (CLOCK_SECOND / 5) /* at the rows, while the broker brings jobs */
#define STRAY_AGE (2 * CLOCK_SECOND)     /* how long the broker has to bring a job */
#define STRAY_IDLE CLOCK_SECOND          /* how often they are looked for: when it brings nothing */
#define STRAY_BUSY (30 * CLOCK_SECOND)   /* and when it does */

struct job_claim job_source_claim(const struct job_source *source)
{
    return (struct job_claim){
        .worker = source->worker,
        .operations = job_queue_operations(source->services->jobs),
        .now = clock_now(),
        .lease = source->services->config->job_lease * CLOCK_SECOND,
    };
}

bool job_source_has_more(const struct job_source *source)
{
    return job_broker_is_up(source->services->broker) &&
           !job_inbox_is_empty(job_broker_inbox(source->services->broker));
}

/* Storing. */

/* Inside a transaction: stores the outcomes that are not yet. */
static int store_outcomes(struct db_connection *connection, struct arena *arena,
                          struct job_batch *batch)
{
    for (size_t i = batch->stored; i < batch->done; i++) {
        int over =
            job_lease_end(connection, arena, &batch->leases[i], &batch->outcomes[i], clock_now());
        if (over < 0)
            return over;
        batch->over[i] = over > 0;
    }
    return 0;
}

/* The broker may forget it: whatever comes of the job is in its row. */
static void settle(struct services *services, struct job_ticket ticket, bool rejected)
{
    if (services->broker != NULL)
        job_inbox_settle(job_broker_inbox(services->broker), ticket, rejected);
}

/* After the commit. */
static void announce_outcomes(struct services *services, struct job_batch *batch)
{
    static const enum job_count_kind kinds[] = {
        [OUTCOME_FINISHED] = JOB_COUNT_FINISHED,     [OUTCOME_FAILED] = JOB_COUNT_FAILED,
        [OUTCOME_HOPELESS] = JOB_COUNT_FAILED,       [OUTCOME_CANCELLED] = JOB_COUNT_GIVEN_BACK,
        [OUTCOME_GIVEN_BACK] = JOB_COUNT_GIVEN_BACK,
    };
    for (; batch->stored < batch->done; batch->stored++) {
        const struct job_lease *lease = &batch->leases[batch->stored];
        job_queue_note(services->jobs, kinds[batch->outcomes[batch->stored].kind]);
        if (batch->over[batch->stored])
            job_queue_announce(services->jobs, lease->id);
        settle(services, lease->ticket, false);
    }
}

/* Exchanging. */

struct exchange {
    struct job_claim claim;
    struct job_batch *old;
    struct job_batch *fresh;
    size_t limit;
    bool look; /* at the rows */
    struct job_delivery deliveries[JOB_BATCH_LIMIT];
    size_t delivered;
};

/* Inside a transaction: the rows that are to be looked for there, or else those of the deliveries.
 * How many. */
static int take(struct db_connection *connection, struct exchange *exchange)
{
    struct job_batch *fresh = exchange->fresh;
    for (size_t i = 0; i < exchange->delivered; i++)
        exchange->deliveries[i].state = DELIVERY_KEPT;
    if (exchange->look) {
        int count = job_lease_take(connection, &fresh->arena, &exchange->claim, exchange->limit,
                                   fresh->leases);
        if (count != 0)
            return count;
    }
    return job_lease_take_delivered(connection, &fresh->arena, &exchange->claim,
                                    exchange->deliveries, exchange->delivered, fresh->leases);
}

static int run_exchange(struct db_connection *connection, void *argument)
{
    struct exchange *exchange = argument;
    int error = store_outcomes(connection, &exchange->fresh->arena, exchange->old);
    if (error < 0 || exchange->limit == 0)
        return error;
    int count = take(connection, exchange);
    if (count >= 0)
        exchange->fresh->count = (size_t)count;
    return count;
}

/* What is to be looked for, by what the broker has brought. */
static void plan(struct job_source *source, struct exchange *exchange)
{
    struct job_broker *broker = source->services->broker;
    int64_t now = clock_monotonic();
    exchange->claim = job_source_claim(source);
    exchange->claim.carried = job_broker_is_up(broker);
    if (!exchange->claim.carried) {
        exchange->look = true;
        return;
    }
    exchange->delivered =
        job_inbox_take(job_broker_inbox(broker), exchange->deliveries, exchange->limit);
    bool idle = exchange->delivered == 0;
    exchange->look = idle || now - source->looked_at >= LOOK_INTERVAL;
    if (exchange->look)
        source->looked_at = now;
    if (exchange->look && now - source->strayed_at >= (idle ? STRAY_IDLE : STRAY_BUSY)) {
        source->strayed_at = now;
        exchange->claim.stray = exchange->claim.now - STRAY_AGE;
    }
}

/* After the exchange, or its failure. */
static void settle_deliveries(struct services *services, const struct exchange *exchange,
                              bool failed)
{
    struct job_delivery kept[JOB_BATCH_LIMIT];
    size_t count = 0;
    for (size_t i = 0; i < exchange->delivered; i++) {
        const struct job_delivery *delivery = &exchange->deliveries[i];
        if (failed || delivery->state == DELIVERY_KEPT)
            kept[count++] = *delivery;
        else if (delivery->state != DELIVERY_LEASED)
            settle(services, delivery->ticket, delivery->state == DELIVERY_UNKNOWN);
    }
    if (count > 0)
        job_inbox_put_back(job_broker_inbox(services->broker), kept, count);
}

int job_batch_exchange(struct job_source *source, struct job_batch *old, struct job_batch *fresh,
                       size_t limit)
{
    struct services *services = source->services;
    struct exchange exchange = {.old = old, .fresh = fresh, .limit = limit};
    arena_init(&fresh->arena);
    fresh->count = fresh->begun = fresh->done = fresh->stored = 0;
    if (limit > 0)
        plan(source, &exchange);
    int count = 0;
    if (limit > 0 || old->stored < old->done)
        count = db_write(services->db, run_exchange, &exchange);
    settle_deliveries(services, &exchange, count < 0);
    if (count < 0) {
        arena_release(&fresh->arena);
        return count;
    }
    announce_outcomes(services, old);
    arena_release(&old->arena);
    job_queue_take(services->jobs, count);
    return count;
}

/* Breaking up. */

/* With an arena of its own: the batch's is in use by the job that runs. */
static int run_break_up(struct db_connection *connection, void *argument)
{
    struct job_batch *batch = argument;
    static const struct job_outcome given_back = {.kind = OUTCOME_GIVEN_BACK};
    struct arena arena;
    arena_init(&arena);
    int error = store_outcomes(connection, &arena, batch);
    for (size_t i = batch->begun; error >= 0 && i < batch->count; i++)
        error = job_lease_end(connection, &arena, &batch->leases[i], &given_back, clock_now());
    arena_release(&arena);
    return error;
}

int job_batch_break_up(struct services *services, struct job_batch *batch)
{
    size_t rest = batch->count - batch->begun;
    if (rest == 0 && batch->stored == batch->done)
        return 0;
    int error = db_write(services->db, run_break_up, batch);
    if (error < 0)
        return error;
    announce_outcomes(services, batch);
    for (size_t i = batch->begun; i < batch->count; i++)
        settle(services, batch->leases[i].ticket, false);
    batch->count = batch->begun;
    job_queue_wake(services->jobs, (int64_t)rest);
    return 0;
}
