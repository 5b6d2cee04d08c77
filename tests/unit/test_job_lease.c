/*
 * test_job_lease.c: leases of jobs: order, fencing, takeover, and what each outcome makes of a job.
 */
#include "domain/job_lease.h"

#include "base/error.h"
#include "domain/task.h"
#include "jobs.h"
#include "support.h"

enum { LIMIT = 16 };

/* What a step works with. */
struct bench {
    struct jobs jobs;
    struct job_lease leases[LIMIT];
    size_t limit;
    int64_t now;
    struct job_outcome outcome;
    const struct job_lease *lease;
};

static void bench_release(struct bench *bench)
{
    jobs_release(&bench->jobs);
}

#define BENCH(name)                                                                                \
    __attribute__((cleanup(bench_release))) struct bench name = {.limit = LIMIT, .now = NOW};      \
    jobs_create(&name.jobs)

/* A queued job, in turn at `turn`. */
static void queue(struct bench *bench, const char *operation, int64_t turn)
{
    jobs_add(&bench->jobs, operation, "turn = %jd, run_at = %jd, max_attempts = 2", (intmax_t)turn,
             (intmax_t)turn);
}

static struct job_claim claim_of(const struct bench *bench)
{
    return (struct job_claim){.worker = "test",
                              .operations = bench->jobs.operations,
                              .now = bench->now,
                              .lease = CLOCK_SECOND};
}

static int run_take(struct db_connection *connection, void *argument)
{
    struct bench *bench = argument;
    const struct job_claim claim = claim_of(bench);
    return job_lease_take(connection, &bench->jobs.arena, &claim, bench->limit, bench->leases);
}

static int take(struct bench *bench, size_t limit)
{
    bench->limit = limit;
    return db_write(bench->jobs.db, run_take, bench);
}

static int run_end(struct db_connection *connection, void *argument)
{
    struct bench *bench = argument;
    return job_lease_end(connection, &bench->jobs.arena, bench->lease, &bench->outcome, bench->now);
}

static int end(struct bench *bench, const struct job_lease *lease, enum job_outcome_kind kind)
{
    bench->lease = lease;
    bench->outcome = (struct job_outcome){.kind = kind, .result = TEXT("cba")};
    return db_write(bench->jobs.db, run_end, bench);
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
    return db_write(bench->jobs.db, run_extend, bench);
}

static int run_recover(struct db_connection *connection, void *argument)
{
    struct bench *bench = argument;
    return job_lease_recover(connection, &bench->jobs.arena, bench->now);
}

static int recover(struct bench *bench)
{
    return db_write(bench->jobs.db, run_recover, bench);
}

static int run_promote(struct db_connection *connection, void *argument)
{
    return job_lease_promote(connection, ((struct bench *)argument)->now);
}

static int64_t status_of(const struct bench *bench, int64_t number)
{
    return jobs_value(&bench->jobs, number, "status");
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
    assert_int_equal(jobs_execute(&bench.jobs, "UPDATE jobs SET cancel_requested = 1"), 1);
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
        assert_int_equal(db_write(bench.jobs.db, run_promote, &bench), status == JOB_FAILED);
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
    assert_int_equal(db_write(bench.jobs.db, run_promote, &bench), 0);
    assert_int_equal(take(&bench, 1), 0);
    bench.now += JOB_BACKOFF_LIMIT;
    assert_int_equal(db_write(bench.jobs.db, run_promote, &bench), 1);
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
        assert_int_equal(
            jobs_execute(&bench.jobs, "UPDATE jobs SET cancel_requested = 1 WHERE status = 2"), 1);
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
