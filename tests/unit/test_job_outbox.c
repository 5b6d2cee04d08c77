/*
 * test_job_outbox.c: which jobs are to be published, and which of those that the broker brings, or
 * does not bring, are leased.
 */
#include "domain/job_outbox.h"

#include <stdio.h>

#include "base/error.h"
#include "domain/job_lease.h"
#include "jobs.h"
#include "support.h"

enum { LIMIT = 16 };

/* What a step works with. */
struct bench {
    struct jobs jobs;
    int64_t now;
    int64_t stray;
    struct job_posting postings[JOB_OUTBOX_BATCH];
    struct job_delivery deliveries[LIMIT];
    size_t count;
    struct job_lease leases[LIMIT];
};

static void execute(struct bench *bench, const char *sql)
{
    jobs_execute(&bench->jobs, sql);
}

static int64_t value_of(const struct bench *bench, int64_t number, const char *column)
{
    return jobs_value(&bench->jobs, number, column);
}

static void bench_create(struct bench *bench)
{
    *bench = (struct bench){.now = NOW};
    jobs_create(&bench->jobs);
    execute(bench, "INSERT INTO job_operations (name, seen_at) VALUES ('reverse', 1), "
                   "('uppercase', 1)");
}

static void bench_release(struct bench *bench)
{
    jobs_release(&bench->jobs);
}

#define BENCH(name)                                                                                \
    __attribute__((cleanup(bench_release))) struct bench name;                                     \
    bench_create(&name)

/* A queued job, to be published, whose id ends in its number. */
static void add(struct bench *bench, const char *operation, int64_t turn)
{
    jobs_add(&bench->jobs, operation,
             "turn = %jd, run_at = %jd, published_at = 0, id = '00000000-0000-4000-8000-' || "
             "substr('000000000000', 1, 12 - length(CAST(number AS TEXT))) || "
             "CAST(number AS TEXT)",
             (intmax_t)turn, (intmax_t)NOW);
}

static int run_publish(struct db_connection *connection, void *argument)
{
    struct bench *bench = argument;
    return job_outbox_take(connection, &bench->jobs.arena, bench->now, bench->postings);
}

static int publish(struct bench *bench)
{
    return db_write(bench->jobs.db, run_publish, bench);
}

static int run_return(struct db_connection *connection, void *argument)
{
    const struct bench *bench = argument;
    const int64_t numbers[] = {1, 2};
    return job_outbox_return(connection, numbers, 2, bench->now);
}

static int run_reclaim(struct db_connection *connection, void *argument)
{
    const struct bench *bench = argument;
    return job_outbox_reclaim(connection, TEXT("reverse"), bench->now);
}

static struct job_claim claim_of(const struct bench *bench)
{
    return (struct job_claim){
        .worker = "test",
        .operations = bench->jobs.operations,
        .now = bench->now,
        .lease = CLOCK_SECOND,
        .carried = true,
        .stray = bench->stray,
    };
}

static int run_deliver(struct db_connection *connection, void *argument)
{
    struct bench *bench = argument;
    const struct job_claim claim = claim_of(bench);
    return job_lease_take_delivered(connection, &bench->jobs.arena, &claim, bench->deliveries,
                                    bench->count, bench->leases);
}

/* Has the broker bring the jobs of these numbers, all of operation reverse; how many are leased. */
static int deliver(struct bench *bench, const int64_t *numbers, size_t count)
{
    bench->count = count;
    for (size_t i = 0; i < count; i++) {
        struct job_delivery *delivery = &bench->deliveries[i];
        *delivery = (struct job_delivery){
            .operation = operation_find(bench->jobs.operations, TEXT("reverse")),
            .ticket = {1, i + 1},
        };
        snprintf(delivery->id, sizeof delivery->id, "00000000-0000-4000-8000-%012jd",
                 (intmax_t)numbers[i]);
    }
    return db_write(bench->jobs.db, run_deliver, bench);
}
#define DELIVER(bench, ...)                                                                        \
    deliver((bench), (const int64_t[]){__VA_ARGS__},                                               \
            sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static int run_take(struct db_connection *connection, void *argument)
{
    struct bench *bench = argument;
    const struct job_claim claim = claim_of(bench);
    return job_lease_take(connection, &bench->jobs.arena, &claim, LIMIT, bench->leases);
}

static int take_strays(struct bench *bench, int64_t before)
{
    bench->stray = before;
    return db_write(bench->jobs.db, run_take, bench);
}

TEST(publishes_each_job_once_in_the_order_of_turns)
{
    BENCH(bench);
    add(&bench, "reverse", NOW - 1);
    add(&bench, "reverse", NOW - 2);
    add(&bench, "uppercase", NOW - 3);
    add(&bench, "unknown_here", NOW - 4);
    assert_int_equal(publish(&bench), 3);
    assert_int_equal(bench.postings[0].number, 2);
    assert_int_equal(bench.postings[1].number, 1);
    assert_text(bench.postings[2].message.operation, "uppercase");
    assert_text(bench.postings[0].message.data, "abc");
    assert_text(bench.postings[0].message.id, "00000000-0000-4000-8000-000000000002");
    assert_int_equal(bench.postings[0].message.attempt, 1);
    assert_int_equal(value_of(&bench, 1, "published_at"), NOW);
    assert_int_equal(publish(&bench), 0);
}

TEST(publishes_nothing_that_is_paused_or_not_for_the_broker)
{
    BENCH(bench);
    add(&bench, "reverse", NOW);
    add(&bench, "uppercase", NOW);
    execute(&bench, "UPDATE job_operations SET paused = 1 WHERE name = 'reverse'");
    execute(&bench, "UPDATE jobs SET published_at = NULL WHERE number = 2");
    assert_int_equal(publish(&bench), 0);
    execute(&bench, "UPDATE job_operations SET paused = 0");
    assert_int_equal(publish(&bench), 1);
}

TEST(publishes_no_more_at_a_time_than_is_good)
{
    BENCH(bench);
    for (int i = 0; i < 3; i++)
        add(&bench, "reverse", NOW + i);
    execute(&bench, "UPDATE job_data SET data = replace('xxxxxxxxxx', 'x', "
                    "replace('xxxxxxxxxx', 'x', replace('xxxxxxxxxx', 'x', "
                    "replace('xxxxxxxxxx', 'x', replace('xxxxxxxxxx', 'x', "
                    "'0123456789012345678901234567890123456789')))))");
    assert_int_equal(publish(&bench), 2);
    assert_int_equal(publish(&bench), 1);
}

TEST(takes_back_what_was_not_published_and_is_still_queued)
{
    BENCH(bench);
    add(&bench, "reverse", NOW);
    add(&bench, "reverse", NOW);
    assert_int_equal(publish(&bench), 2);
    assert_int_equal(DELIVER(&bench, 2), 1);
    assert_int_equal(db_write(bench.jobs.db, run_return, &bench), 0);
    assert_int_equal(value_of(&bench, 1, "published_at"), 0);
    assert_int_equal(value_of(&bench, 2, "published_at"), NOW);
    assert_int_equal(publish(&bench), 1);
    bench.now++;
    assert_int_equal(db_write(bench.jobs.db, run_return, &bench), 0);
    assert_int_equal(value_of(&bench, 1, "published_at"), NOW);
    assert_int_equal(db_write(bench.jobs.db, run_reclaim, &bench), 1);
    assert_int_equal(publish(&bench), 1);
    assert_int_equal(db_write(bench.jobs.db, run_reclaim, &bench), 0);
}

TEST(leases_what_the_broker_brings_once)
{
    BENCH(bench);
    add(&bench, "reverse", NOW);
    add(&bench, "uppercase", NOW);
    add(&bench, "reverse", NOW);
    assert_int_equal(DELIVER(&bench, 1, 2, 99, 1, 3), 2);
    static const enum job_delivery_state states[] = {
        DELIVERY_LEASED, DELIVERY_VOID, DELIVERY_UNKNOWN, DELIVERY_VOID, DELIVERY_LEASED};
    for (size_t i = 0; i < COUNT_OF(states); i++)
        assert_int_equal(bench.deliveries[i].state, states[i]);
    assert_int_equal(bench.leases[0].number, 1);
    assert_int_equal(bench.leases[1].number, 3);
    assert_int_equal(bench.leases[1].ticket.tag, 5);
    assert_int_equal(DELIVER(&bench, 1), 0);
    assert_int_equal(bench.deliveries[0].state, DELIVERY_VOID);
}

TEST(leases_a_job_whose_worker_has_died_alone)
{
    BENCH(bench);
    for (int i = 0; i < 3; i++)
        add(&bench, "reverse", NOW);
    execute(&bench, "UPDATE jobs SET crashes = 1 WHERE number = 2");
    assert_int_equal(DELIVER(&bench, 1, 2, 3), 1);
    assert_int_equal(bench.deliveries[1].state, DELIVERY_KEPT);
    assert_int_equal(bench.deliveries[2].state, DELIVERY_KEPT);
    assert_int_equal(DELIVER(&bench, 2, 3), 1);
    assert_int_equal(bench.leases[0].number, 2);
    assert_int_equal(bench.deliveries[1].state, DELIVERY_KEPT);
    assert_int_equal(DELIVER(&bench, 3), 1);
}

TEST(sends_back_what_is_paused)
{
    BENCH(bench);
    add(&bench, "reverse", NOW);
    assert_int_equal(publish(&bench), 1);
    execute(&bench, "UPDATE job_operations SET paused = 1");
    assert_int_equal(DELIVER(&bench, 1), 0);
    assert_int_equal(bench.deliveries[0].state, DELIVERY_VOID);
    assert_int_equal(value_of(&bench, 1, "published_at"), 0);
    assert_int_equal(value_of(&bench, 1, "status"), JOB_QUEUED);
}

TEST(strays_are_what_the_broker_should_have_brought)
{
    BENCH(bench);
    for (int i = 0; i < 4; i++)
        add(&bench, "reverse", NOW + i);
    execute(&bench, "UPDATE jobs SET published_at = 1 WHERE number = 1");
    execute(&bench, "UPDATE jobs SET published_at = 1000 WHERE number = 2");
    execute(&bench, "UPDATE jobs SET run_at = 1 WHERE number = 3");
    assert_int_equal(take_strays(&bench, 0), 0);
    assert_int_equal(take_strays(&bench, 500), 2);
    assert_int_equal(bench.leases[0].number, 1);
    assert_int_equal(bench.leases[1].number, 3);
    execute(&bench, "UPDATE jobs SET published_at = NULL WHERE number = 4");
    assert_int_equal(take_strays(&bench, 500), 1);
    assert_int_equal(bench.leases[0].number, 4);
}

UNIT_TESTS(cmocka_unit_test(publishes_each_job_once_in_the_order_of_turns),
           cmocka_unit_test(publishes_nothing_that_is_paused_or_not_for_the_broker),
           cmocka_unit_test(publishes_no_more_at_a_time_than_is_good),
           cmocka_unit_test(takes_back_what_was_not_published_and_is_still_queued),
           cmocka_unit_test(leases_what_the_broker_brings_once),
           cmocka_unit_test(leases_a_job_whose_worker_has_died_alone),
           cmocka_unit_test(sends_back_what_is_paused),
           cmocka_unit_test(strays_are_what_the_broker_should_have_brought))
