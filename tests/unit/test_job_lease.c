/*
 * test_job_lease.c: leases of jobs: order, fencing, takeover, and what each outcome makes of a job.
 */
#include "domain/job_lease.h"

#include "base/clock.h"
#include "base/error.h"
#include "database.h"
#include "db/migrate.h"
#include "domain/task.h"
#include "support.h"

enum { LIMIT = 16 };

#define NOW (INT64_C(1000) * CLOCK_DAY)

/* A migrated database with the operations that are built in, and what a step works with. */
struct bench {
    struct database *database;
    struct operations *operations;
    struct arena arena;
    struct job_lease leases[LIMIT];
    size_t limit;
    int64_t now;
    struct job_outcome outcome;
    const struct job_lease *lease;
    struct job_order order;
};

static void bench_create(struct bench *bench, struct database *database)
{
    struct text message;
    *bench = (struct bench){
        .database = database, .operations = operations_create(), .limit = LIMIT, .now = NOW};
    arena_init(&bench->arena);
    assert_true(migrate_apply(database->db, &bench->arena, &message) > 0);
}

static void bench_release(struct bench *bench)
{
    arena_release(&bench->arena);
    operations_free(bench->operations);
}

#define BENCH(name)                                                                                \
    DATABASE(database);                                                                            \
    __attribute__((cleanup(bench_release))) struct bench name;                                     \
    bench_create(&name, &database)

static int run_order(struct db_connection *connection, void *argument)
{
    struct bench *bench = argument;
    return job_order(connection, &bench->arena, &bench->order);
}

/* A queued job, in turn at `turn`. */
static void queue(struct bench *bench, const char *operation, int64_t turn)
{
    bench->order = (struct job_order){.operation = operation, .data = TEXT("abc")};
    assert_int_equal(db_write(bench->database->db, run_order, bench), 0);
    CLEANUP_ARENA struct arena arena = {0};
    struct text sql = arena_format(&arena,
                                   "UPDATE jobs SET turn = %jd, run_at = %jd, max_attempts = 2 "
                                   "WHERE number = (SELECT max(number) FROM jobs)",
                                   (intmax_t)turn, (intmax_t)turn);
    assert_int_equal(database_execute(bench->database->db, sql.data), 1);
}

static struct job_claim claim_of(const struct bench *bench)
{
    return (struct job_claim){.worker = "test",
                              .operations = bench->operations,
                              .now = bench->now,
                              .lease = CLOCK_SECOND};
}

static int run_take(struct db_connection *connection, void *argument)
{
    struct bench *bench = argument;
    const struct job_claim claim = claim_of(bench);
    return job_lease_take(connection, &bench->arena, &claim, bench->limit, bench->leases);
}

static int take(struct bench *bench, size_t limit)
{
    bench->limit = limit;
    return db_write(bench->database->db, run_take, bench);
}

static int run_end(struct db_connection *connection, void *argument)
{
    struct bench *bench = argument;
    return job_lease_end(connection, &bench->arena, bench->lease, &bench->outcome, bench->now);
}

static int end(struct bench *bench, const struct job_lease *lease, enum job_outcome_kind kind)
{
    bench->lease = lease;
    bench->outcome = (struct job_outcome){.kind = kind, .result = TEXT("cba")};
    return db_write(bench->database->db, run_end, bench);
}

static int run_extend(struct db_connection *connection, void *argument)
{
    struct bench *bench = argument;
    return job_lease_extend(connection, bench->lease->number, bench->lease->fence,
                            bench->now + CLOCK_SECOND, 50);
}

static int extend(struct bench *bench, const struct job_lease *lease)
{
    bench->lease = lease;
    return db_write(bench->database->db, run_extend, bench);
}

static int run_recover(struct db_connection *connection, void *argument)
{
    struct bench *bench = argument;
    return job_lease_recover(connection, &bench->arena, bench->now);
}

static int recover(struct bench *bench)
{
    return db_write(bench->database->db, run_recover, bench);
}

static int run_promote(struct db_connection *connection, void *argument)
{
    return job_lease_promote(connection, ((struct bench *)argument)->now);
}

static int64_t status_of(const struct bench *bench, int64_t number)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct text sql =
        arena_format(&arena, "SELECT status FROM jobs WHERE number = %jd", (intmax_t)number);
    return database_integer(bench->database->db, sql.data);
}

TEST(takes_the_first_in_turn_of_all_operations)
{
    BENCH(bench);
    queue(&bench, "reverse", NOW - 10);
    queue(&bench, "uppercase", NOW - 30);
    queue(&bench, "reverse", NOW - 40);
    queue(&bench, "lowercase", NOW - 20);
    queue(&bench, "unknown_here", NOW - 90);
    assert_int_equal(take(&bench, 3), 3);
    assert_int_equal(bench.leases[0].number, 3);
    assert_int_equal(bench.leases[1].number, 2);
    assert_int_equal(bench.leases[2].number, 4);
    assert_text(bench.leases[0].data, "abc");
    assert_string_equal(bench.leases[1].operation->name, "uppercase");
    assert_int_equal(take(&bench, LIMIT), 1);
    assert_int_equal(take(&bench, LIMIT), 0);
    assert_int_equal(status_of(&bench, 5), JOB_QUEUED);
}

TEST(ends_a_job_once)
{
    BENCH(bench);
    queue(&bench, "reverse", NOW);
    assert_int_equal(take(&bench, 1), 1);
    struct job_lease lease = bench.leases[0];
    assert_int_equal(end(&bench, &lease, OUTCOME_FINISHED), 1);
    assert_int_equal(end(&bench, &lease, OUTCOME_HOPELESS), 0);
    assert_int_equal(status_of(&bench, 1), JOB_FINISHED);
    assert_int_equal(extend(&bench, &lease), ERROR_STALE);
}

TEST(lets_nobody_with_an_older_lease_change_a_job)
{
    BENCH(bench);
    queue(&bench, "reverse", NOW);
    assert_int_equal(take(&bench, 1), 1);
    struct job_lease old = bench.leases[0];
    bench.now += CLOCK_MINUTE;
    assert_int_equal(recover(&bench), 1);
    assert_int_equal(end(&bench, &old, OUTCOME_FINISHED), 0);
    assert_int_equal(take(&bench, 1), 1);
    struct job_lease fresh = bench.leases[0];
    assert_true(fresh.fence > old.fence);
    assert_int_equal(fresh.attempts, 1);
    assert_int_equal(fresh.crashes, 1);
    assert_int_equal(end(&bench, &old, OUTCOME_FINISHED), 0);
    assert_int_equal(extend(&bench, &old), ERROR_STALE);
    assert_int_equal(status_of(&bench, 1), JOB_PROCESSING);
    assert_int_equal(end(&bench, &fresh, OUTCOME_FINISHED), 1);
}

TEST(keeps_a_lease_that_is_extended)
{
    BENCH(bench);
    queue(&bench, "reverse", NOW);
    assert_int_equal(take(&bench, 1), 1);
    struct job_lease lease = bench.leases[0];
    for (int i = 0; i < 5; i++) {
        bench.now += CLOCK_SECOND / 2;
        assert_int_equal(extend(&bench, &lease), 0);
        assert_int_equal(recover(&bench), 0);
    }
    assert_int_equal(database_execute(bench.database->db, "UPDATE jobs SET cancel_requested = 1"),
                     1);
    assert_int_equal(extend(&bench, &lease), 1);
}

TEST(takes_a_job_alone_whose_worker_has_died)
{
    BENCH(bench);
    for (int64_t i = 0; i < 6; i++)
        queue(&bench, "reverse", NOW - 100 + i);
    assert_int_equal(take(&bench, 2), 2);
    bench.now += CLOCK_MINUTE;
    assert_int_equal(recover(&bench), 2);
    assert_int_equal(take(&bench, LIMIT), 1);
    assert_int_equal(bench.leases[0].number, 1);
    assert_int_equal(take(&bench, LIMIT), 1);
    assert_int_equal(bench.leases[0].number, 2);
    assert_int_equal(take(&bench, LIMIT), 4);
}

TEST(gives_up_a_job_whose_workers_die)
{
    BENCH(bench);
    queue(&bench, "reverse", NOW);
    for (int crash = 1; crash <= JOB_CRASHES_LIMIT; crash++) {
        assert_int_equal(take(&bench, 1), 1);
        assert_int_equal(bench.leases[0].attempts, 1);
        bench.now += 10 * CLOCK_MINUTE;
        assert_int_equal(recover(&bench), 1);
        int64_t status = status_of(&bench, 1);
        assert_int_equal(status, crash == 1                  ? JOB_QUEUED
                                 : crash < JOB_CRASHES_LIMIT ? JOB_FAILED
                                                             : JOB_DEAD);
        bench.now += 10 * CLOCK_MINUTE;
        assert_int_equal(db_write(bench.database->db, run_promote, &bench), status == JOB_FAILED);
    }
    assert_int_equal(take(&bench, 1), 0);
}

TEST(tries_again_while_attempts_are_left)
{
    BENCH(bench);
    queue(&bench, "reverse", NOW);
    assert_int_equal(take(&bench, 1), 1);
    assert_int_equal(end(&bench, &bench.leases[0], OUTCOME_FAILED), 0);
    assert_int_equal(status_of(&bench, 1), JOB_FAILED);
    assert_int_equal(db_write(bench.database->db, run_promote, &bench), 0);
    assert_int_equal(take(&bench, 1), 0);
    bench.now += JOB_BACKOFF_LIMIT;
    assert_int_equal(db_write(bench.database->db, run_promote, &bench), 1);
    assert_int_equal(take(&bench, 1), 1);
    assert_int_equal(bench.leases[0].attempts, 2);
    assert_int_equal(end(&bench, &bench.leases[0], OUTCOME_FAILED), 1);
    assert_int_equal(status_of(&bench, 1), JOB_DEAD);
}

TEST(costs_no_attempt_to_give_a_job_back)
{
    BENCH(bench);
    queue(&bench, "reverse", NOW);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(take(&bench, 1), 1);
        assert_int_equal(bench.leases[0].attempts, 1);
        assert_int_equal(end(&bench, &bench.leases[0], OUTCOME_GIVEN_BACK), 0);
    }
}

TEST(cancels_instead_of_trying_again)
{
    BENCH(bench);
    const enum job_outcome_kind kinds[] = {OUTCOME_FAILED, OUTCOME_GIVEN_BACK, OUTCOME_CANCELLED};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        queue(&bench, "reverse", NOW);
        assert_int_equal(take(&bench, 1), 1);
        assert_int_equal(database_execute(bench.database->db,
                                          "UPDATE jobs SET cancel_requested = 1 WHERE status = 2"),
                         1);
        assert_int_equal(end(&bench, &bench.leases[0], kinds[i]), 1);
        assert_int_equal(status_of(&bench, bench.leases[0].number), JOB_CANCELLED);
    }
}

TEST(waits_longer_after_each_attempt_up_to_a_limit)
{
    int64_t nominal = JOB_BACKOFF_BASE;
    for (int64_t attempt = 1; attempt <= JOB_ATTEMPTS_LIMIT; attempt++) {
        for (int i = 0; i < 50; i++) {
            int64_t delay = job_backoff(attempt);
            assert_true(delay >= nominal / 2);
            assert_true(delay <= nominal);
        }
        nominal = nominal * 2 > JOB_BACKOFF_LIMIT ? JOB_BACKOFF_LIMIT : nominal * 2;
    }
}

TEST(lets_a_higher_priority_go_ahead_but_not_for_ever)
{
    assert_true(job_turn(NOW, PRIORITY_HIGH) < job_turn(NOW, PRIORITY_MEDIUM));
    assert_true(job_turn(NOW, PRIORITY_MEDIUM) < job_turn(NOW, PRIORITY_LOW));
    assert_true(job_turn(NOW, PRIORITY_LOW) <
                job_turn(NOW + 2 * JOB_HEAD_START + 1, PRIORITY_HIGH));
}

UNIT_TESTS(cmocka_unit_test(takes_the_first_in_turn_of_all_operations),
           cmocka_unit_test(ends_a_job_once),
           cmocka_unit_test(lets_nobody_with_an_older_lease_change_a_job),
           cmocka_unit_test(keeps_a_lease_that_is_extended),
           cmocka_unit_test(takes_a_job_alone_whose_worker_has_died),
           cmocka_unit_test(gives_up_a_job_whose_workers_die),
           cmocka_unit_test(tries_again_while_attempts_are_left),
           cmocka_unit_test(costs_no_attempt_to_give_a_job_back),
           cmocka_unit_test(cancels_instead_of_trying_again),
           cmocka_unit_test(waits_longer_after_each_attempt_up_to_a_limit),
           cmocka_unit_test(lets_a_higher_priority_go_ahead_but_not_for_ever))
