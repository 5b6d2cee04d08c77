/*
 * test_db_concurrency.c: many write at once, and share commits.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "database.h"
#include "runtime/fiber.h"
#include "runtime/loop.h"
#include "runtime/wait.h"

enum { THREADS = 8, WRITES = 100, FIBERS = 300 };

static void create_table(struct database *database)
{
    assert_true(database_execute(database->db,
                                 "CREATE TABLE numbers (n BIGINT PRIMARY KEY, x BIGINT)") >= 0);
}

static int insert(struct db_connection *connection, void *argument)
{
    return db_execute(connection, TEXT("INSERT INTO numbers (n, x) VALUES ($1, $2)"),
                      DB_VALUES(db_integer(*(int64_t *)argument), db_integer(0)));
}

/* Every third one fails after its insert, which must not remain. */
static int insert_some(struct db_connection *connection, void *argument)
{
    int error = insert(connection, argument);
    if (error < 0)
        return error;
    return *(int64_t *)argument % 3 == 0 ? ERROR_STALE : 0;
}

struct writer {
    pthread_t thread;
    struct db *db;
    int64_t first;
    int wrong;
};

static void *write_many(void *argument)
{
    struct writer *writer = argument;
    for (int64_t n = writer->first; n < writer->first + WRITES; n++) {
        int expected = n % 3 == 0 ? ERROR_STALE : 0;
        writer->wrong += db_write(writer->db, insert_some, &n) != expected;
    }
    return NULL;
}

static void run_writers(struct db *db, struct writer *writers)
{
    for (int64_t i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){.db = db, .first = i * WRITES};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_many, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(writers[i].thread, NULL);
}

TEST(every_acknowledged_write_of_many_threads_is_there_after_a_restart)
{
    DATABASE(database);
    create_table(&database);
    struct writer writers[THREADS];
    run_writers(database.db, writers);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(writers[i].wrong, 0);
    database_reopen(&database);
    const int64_t all = (int64_t)THREADS * WRITES;
    assert_int_equal(database_integer(database.db, "SELECT count(*) FROM numbers"),
                     all - (all + 2) / 3);
    assert_int_equal(database_integer(database.db, "SELECT count(*) FROM numbers WHERE n % 3 = 0"),
                     0);
}

TEST(counts_its_writes_and_commits)
{
    DATABASE(database);
    create_table(&database);
    struct db_statistics before;
    struct db_statistics after;
    db_statistics(database.db, &before);
    struct writer writers[THREADS];
    run_writers(database.db, writers);
    db_statistics(database.db, &after);
    assert_int_equal(after.writes - before.writes, THREADS * WRITES);
    assert_true(after.commits > before.commits);
    assert_true(after.commits - before.commits <= after.writes - before.writes);
    assert_int_equal(after.queued, 0);
    assert_true(after.queue_limit > 0);
}

/* Holds the writer until told, so that what is written meanwhile shares the next commit. */
static struct {
    sem_t running;
    sem_t may_end;
} hold;

static int hold_the_writer(struct db_connection *connection, void *argument)
{
    (void)connection;
    (void)argument;
    sem_post(&hold.running);
    while (sem_wait(&hold.may_end) < 0)
        continue;
    return 0;
}

static void *hold_in_thread(void *argument)
{
    db_write(argument, hold_the_writer, NULL);
    return NULL;
}

static void *write_one(void *argument)
{
    struct writer *writer = argument;
    writer->wrong = db_write(writer->db, insert_some, &writer->first);
    return NULL;
}

TEST(a_failure_undoes_itself_alone_among_those_who_share_its_commit)
{
    SQLITE_ONLY(); /* nobody shares a commit elsewhere */
    DATABASE(database);
    create_table(&database);
    sem_init(&hold.running, 0, 0);
    sem_init(&hold.may_end, 0, 0);
    pthread_t holder;
    assert_int_equal(pthread_create(&holder, NULL, hold_in_thread, database.db), 0);
    while (sem_wait(&hold.running) < 0)
        continue;
    struct db_statistics before;
    db_statistics(database.db, &before);
    struct writer writers[THREADS];
    static const int64_t numbers[THREADS] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct db_statistics now = before;
    for (size_t i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){.db = database.db, .first = numbers[i]};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_one, &writers[i]), 0);
        while (now.queued != i + 1)
            db_statistics(database.db, &now);
    }
    sem_post(&hold.may_end);
    pthread_join(holder, NULL);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(writers[i].thread, NULL);
        assert_int_equal(writers[i].wrong, numbers[i] % 3 == 0 ? ERROR_STALE : 0);
    }
    db_statistics(database.db, &now);
    assert_int_equal(now.commits - before.commits, 2); /* the holder's own, and one for all */
    assert_int_equal(database_integer(database.db, "SELECT sum(n) FROM numbers"),
                     1 + 2 + 4 + 5 + 7 + 8);
    sem_destroy(&hold.running);
    sem_destroy(&hold.may_end);
}

static struct {
    struct db *db;
    int64_t next;
    int finished;
    int wrong;
} crowd;

static int count_rows(struct db_connection *connection, void *argument)
{
    return db_query_integer(connection, TEXT("SELECT count(*) FROM numbers WHERE n = $1"),
                            DB_VALUES(db_integer(*(int64_t *)argument)), argument);
}

static void write_in_the_crowd(void *argument)
{
    (void)argument;
    int64_t n = crowd.next++;
    crowd.wrong += db_write(crowd.db, insert, &n) != 1;
    crowd.wrong += db_read(crowd.db, DB_LIGHT, count_rows, &n) != 0 || n != 1;
    crowd.finished++;
}

static void run_the_crowd(void *argument)
{
    (void)argument;
    for (int i = 0; i < FIBERS; i++)
        fiber_start(write_in_the_crowd, NULL);
    while (crowd.finished < FIBERS)
        wait_timer(clock_monotonic() + CLOCK_MILLISECOND);
}

TEST(many_fibers_write_at_once_and_each_reads_its_own_write)
{
    DATABASE(database);
    create_table(&database);
    crowd.db = database.db;
    run_in_fiber(run_the_crowd, NULL);
    assert_int_equal(crowd.wrong, 0);
    assert_int_equal(database_integer(database.db, "SELECT count(*) FROM numbers"), FIBERS);
}

/* Many fibers read one row each, at a time; every seventh asks for what fails. */
static struct {
    struct db *db;
    const char *good; /* yields its value */
    const char *bad;  /* fails */
    bool many;        /* each has a text of its own */
    int64_t next;
    int finished;
    int wrong;
} readers;

static int read_value(struct db_connection *connection, void *argument)
{
    int64_t *n = argument;
    char sql[128];
    int length = snprintf(sql, sizeof sql, "%s", *n % 7 == 0 ? readers.bad : readers.good);
    if (readers.many)
        snprintf(sql + length, sizeof sql - (size_t)length, " -- %jd", (intmax_t)*n);
    return db_query_integer(connection, text_from(sql), DB_VALUES(db_integer(*n)), n);
}

static void read_in_the_crowd(void *argument)
{
    (void)argument;
    int64_t n = readers.next++;
    for (int i = 0; i < 3; i++) {
        int64_t value = n;
        int error = db_read(readers.db, DB_SINGLE, read_value, &value);
        readers.wrong += n % 7 == 0 ? error >= 0 : error != 0 || value != n;
    }
    readers.finished++;
}

static void run_readers(void *argument)
{
    (void)argument;
    for (int i = 0; i < FIBERS; i++)
        fiber_start(read_in_the_crowd, NULL);
    while (readers.finished < FIBERS)
        wait_timer(clock_monotonic() + CLOCK_MILLISECOND);
}

static void assert_readers(const char *bad, bool many)
{
    DATABASE(database); /* belongs to one loop */
    memset(&readers, 0, sizeof readers);
    readers.db = database.db;
    readers.good = "SELECT CAST($1 AS BIGINT)";
    readers.bad = bad;
    readers.many = many;
    run_in_fiber(run_readers, NULL);
    assert_int_equal(readers.wrong, 0);
}

TEST(a_read_that_fails_hurts_no_other_that_is_asked_with_it)
{
    assert_readers("SELECT x FROM missing WHERE n = $1", false);
    assert_readers("SELECT x FROM missing WHERE n = $1", true);
    if (database_server() == NULL)
        return; /* SQLite knows no error of values */
    assert_readers("SELECT 1 / (CAST($1 AS BIGINT) * 0)", false);
    assert_readers("SELECT 1 / (CAST($1 AS BIGINT) * 0)", true);
}

/* A transfer keeps the sum; a view that changed while it was read would not. */
static int transfer(struct db_connection *connection, void *argument)
{
    (void)argument;
    int error =
        db_execute(connection, TEXT("UPDATE numbers SET x = x - 1 WHERE n = 1"), DB_NO_VALUES);
    if (error < 0)
        return error;
    return db_execute(connection, TEXT("UPDATE numbers SET x = x + 1 WHERE n = 2"), DB_NO_VALUES);
}

static int sum_twice(struct db_connection *connection, void *argument)
{
    int64_t first;
    int64_t second;
    int error = db_query_integer(connection, TEXT("SELECT x FROM numbers WHERE n = 1"),
                                 DB_NO_VALUES, &first);
    if (error < 0)
        return error;
    error = db_query_integer(connection, TEXT("SELECT x FROM numbers WHERE n = 2"), DB_NO_VALUES,
                             &second);
    *(int64_t *)argument = first + second;
    return error;
}

static atomic_bool transfers_done;

static void *transfer_often(void *argument)
{
    for (int i = 0; i < WRITES; i++)
        db_write(argument, transfer, NULL);
    atomic_store(&transfers_done, true);
    return NULL;
}

TEST(a_read_has_one_view_whatever_is_written_meanwhile)
{
    DATABASE(database);
    create_table(&database);
    assert_int_equal(database_execute(database.db, "INSERT INTO numbers VALUES (1, 500), (2, 500)"),
                     2);
    atomic_store(&transfers_done, false);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, transfer_often, database.db), 0);
    bool kept = true;
    do {
        int64_t sum = 0;
        kept = kept && db_read(database.db, DB_HEAVY, sum_twice, &sum) == 0 && sum == 1000;
    } while (!atomic_load(&transfers_done));
    pthread_join(thread, NULL);
    assert_true(kept);
}

UNIT_TESTS(cmocka_unit_test(every_acknowledged_write_of_many_threads_is_there_after_a_restart),
           cmocka_unit_test(counts_its_writes_and_commits),
           cmocka_unit_test(a_failure_undoes_itself_alone_among_those_who_share_its_commit),
           cmocka_unit_test(many_fibers_write_at_once_and_each_reads_its_own_write),
           cmocka_unit_test(a_read_that_fails_hurts_no_other_that_is_asked_with_it),
           cmocka_unit_test(a_read_has_one_view_whatever_is_written_meanwhile))
