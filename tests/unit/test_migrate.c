/*
 * test_migrate.c: tables are brought up to date once, whoever asks, and never by an older program.
 */
#include "db/migrate.h"

#include <pthread.h>

#include "base/error.h"
#include "database.h"

static int apply(struct database *database, struct text *ret_message)
{
    return migrate_apply(database->db, &database->arena, ret_message);
}

TEST(applies_what_is_missing_once)
{
    DATABASE(database);
    struct text message;
    int first = apply(&database, &message);
    assert_true(first > 0);
    assert_int_equal(apply(&database, &message), 0);
    database_reopen(&database);
    assert_int_equal(apply(&database, &message), 0);
    assert_int_equal(database_integer(database.db, "SELECT count(*) FROM schema_migrations"),
                     first);
    assert_int_equal(database_integer(database.db, "SELECT count(*) FROM tasks"), 0);
}

TEST(lists_what_is_applied_and_what_is_not)
{
    DATABASE(database);
    struct text message;
    struct migration_state *states;
    int known = migrate_list(database.db, &database.arena, &states, &message);
    assert_true(known > 0);
    for (int i = 0; i < known; i++)
        assert_false(states[i].applied);
    assert_text(states[0].name, "0001_foundation.sql");
    assert_int_equal(apply(&database, &message), known);
    assert_int_equal(migrate_list(database.db, &database.arena, &states, &message), known);
    for (int i = 0; i < known; i++) {
        assert_true(states[i].applied);
        assert_true(states[i].applied_at > 0);
    }
}

enum { THREADS = 2, ROUNDS = 10 };

struct migrating {
    pthread_t thread;
    struct db *db;
    struct arena arena;
    int result;
};

static void *migrate_in_thread(void *argument)
{
    struct migrating *migrating = argument;
    struct text message;
    migrating->result = migrate_apply(migrating->db, &migrating->arena, &message);
    return NULL;
}

TEST(two_at_once_apply_each_migration_once)
{
    for (int round = 0; round < ROUNDS; round++) {
        DATABASE(database);
        struct migrating both[THREADS] = {0};
        for (int i = 0; i < THREADS; i++)
            both[i].db = database_open(&database);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&both[i].thread, NULL, migrate_in_thread, &both[i]), 0);
        int applied = 0;
        for (int i = 0; i < THREADS; i++) {
            pthread_join(both[i].thread, NULL);
            assert_true(both[i].result >= 0);
            applied += both[i].result;
            db_close(both[i].db);
            arena_release(&both[i].arena);
        }
        assert_int_equal(database_integer(database.db, "SELECT count(*) FROM schema_migrations"),
                         applied);
    }
}

struct opening {
    pthread_t thread;
    const char *url;
    struct arena arena;
    int result;
};

static void *open_and_migrate(void *argument)
{
    struct opening *opening = argument;
    struct db *db;
    struct text message;
    opening->result = db_open(&db, opening->url, 1, &opening->arena, &message);
    if (opening->result < 0)
        return NULL;
    opening->result = migrate_apply(db, &opening->arena, &message);
    db_close(db);
    return NULL;
}

/* As when two servers are started over the same new file. */
TEST(two_may_create_the_database_at_once)
{
    SQLITE_ONLY();
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP_ARENA struct arena arena = {0};
        CLEANUP_FOLDER struct folder folder;
        folder_create(&folder);
        const char *path = folder_file(&folder, &arena, "new.db");
        struct opening both[THREADS] = {0};
        for (int i = 0; i < THREADS; i++) {
            both[i].url = arena_format(&arena, "sqlite:///%s", path).data;
            assert_int_equal(pthread_create(&both[i].thread, NULL, open_and_migrate, &both[i]), 0);
        }
        for (int i = 0; i < THREADS; i++)
            pthread_join(both[i].thread, NULL);
        for (int i = 0; i < THREADS; i++) {
            assert_true(both[i].result >= 0);
            arena_release(&both[i].arena);
        }
        assert_true(both[0].result + both[1].result > 0);
        assert_true(both[0].result == 0 || both[1].result == 0);
    }
}

TEST(a_newer_database_is_refused)
{
    DATABASE(database);
    struct text message = TEXT_NULL;
    assert_true(apply(&database, &message) > 0);
    assert_int_equal(database_execute(database.db, "INSERT INTO schema_migrations VALUES "
                                                   "('9999_future.sql', 'checksum', 1)"),
                     1);
    assert_int_equal(apply(&database, &message), ERROR_CONFLICT);
    assert_true(message.length > 0);
    struct migration_state *states;
    assert_int_equal(migrate_list(database.db, &database.arena, &states, &message), ERROR_CONFLICT);
}

TEST(a_migration_of_another_text_is_refused)
{
    DATABASE(database);
    struct text message = TEXT_NULL;
    assert_true(apply(&database, &message) > 0);
    assert_true(database_execute(database.db, "UPDATE schema_migrations SET checksum = 'other' "
                                              "WHERE name = '0001_foundation.sql'") == 1);
    assert_int_equal(apply(&database, &message), ERROR_CONFLICT);
    assert_non_null(memmem(message.data, message.length, "0001_foundation.sql", 19));
}

TEST(a_refused_database_is_left_as_it_was)
{
    DATABASE(database);
    struct text message;
    struct migration_state *states;
    assert_true(migrate_list(database.db, &database.arena, &states, &message) > 0);
    for (int64_t i = 0; i < 100; i++) {
        struct text sql =
            arena_format(&database.arena,
                         "INSERT INTO schema_migrations VALUES ('99%02jd', 'x', 1)", (intmax_t)i);
        assert_int_equal(database_execute(database.db, sql.data), 1);
    }
    assert_int_equal(apply(&database, &message), ERROR_CONFLICT);
    const char *count = database_server() == NULL
                            ? "SELECT count(*) FROM sqlite_master WHERE name = 'tasks'"
                            : "SELECT count(*) FROM pg_tables WHERE tablename = 'tasks'";
    assert_int_equal(database_integer(database.db, count), 0);
}

UNIT_TESTS(cmocka_unit_test(applies_what_is_missing_once),
           cmocka_unit_test(lists_what_is_applied_and_what_is_not),
           cmocka_unit_test(two_at_once_apply_each_migration_once),
           cmocka_unit_test(two_may_create_the_database_at_once),
           cmocka_unit_test(a_newer_database_is_refused),
           cmocka_unit_test(a_migration_of_another_text_is_refused),
           cmocka_unit_test(a_refused_database_is_left_as_it_was))
