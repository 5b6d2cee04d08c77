/*
 * test_db.c: the database's promises, whichever it is: rows, transactions, constraints.
 */
#include "db/db.h"

#include <string.h>

#include "base/error.h"
#include "database.h"

#define ITEMS "CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT UNIQUE, owner BIGINT)"

static void create_items(struct database *database)
{
    assert_true(database_execute(database->db, ITEMS) >= 0);
}

struct item {
    int64_t id;
    struct text name;
};

static int insert(struct db_connection *connection, void *argument)
{
    const struct item *item = argument;
    return db_execute(connection, TEXT("INSERT INTO items (id, name) VALUES ($1, $2)"),
                      DB_VALUES(db_integer(item->id), db_text(item->name)));
}

static int write_item(struct db *db, int64_t id, struct text name)
{
    struct item item = {id, name};
    return db_write(db, insert, &item);
}

TEST(opens_files_by_url_and_nothing_else)
{
    static const char *const urls[] = {
        "",
        "sqlite",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:/tmp/errand.db",
        "postgresql:user:secret@localhost",
        "postgres://user:secret@localhost/errand?no_such_option=1",
        "postgresql+asyncpg://user:secret@localhost/errand?pool_size=0",
        "postgresqlx://user:secret@localhost/errand",
        "/tmp/errand.db",
    };
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct db *db = NULL;
        struct text message = TEXT_NULL;
        assert_int_equal(db_open(&db, urls[i], 1, &arena, &message), ERROR_INVALID);
        assert_null(db);
        assert_true(message.length > 0);
        assert_null(memmem(message.data, message.length, "secret", 6));
    }
    db_close(NULL);
}

TEST(a_file_that_cannot_be_had_is_unavailable)
{
    CLEANUP_ARENA struct arena arena = {0};
    struct db *db = NULL;
    struct text message;
    assert_int_equal(db_open(&db, "sqlite:////nonexistent/folder/x.db", 1, &arena, &message),
                     ERROR_UNAVAILABLE);
    assert_non_null(memmem(message.data, message.length, "/nonexistent/folder/x.db", 24));
}

TEST(takes_a_url_with_a_driver)
{
    SQLITE_ONLY();
    DATABASE(database);
    const char *path = db_path(database.db);
    struct db *db = NULL;
    struct text message;
    struct text url = arena_format(&database.arena, "sqlite+aiosqlite:///%s", path);
    assert_int_equal(db_open(&db, url.data, 1, &database.arena, &message), 0);
    assert_string_equal(db_path(db), path);
    db_close(db);
}

struct seen {
    struct arena *arena;
    struct item items[4];
    bool is_null[4];
    int count;
};

static int select_items(struct db_connection *connection, void *argument)
{
    struct seen *seen = argument;
    seen->count = 0;
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error =
        db_query(connection, TEXT("SELECT id, name FROM items ORDER BY id"), DB_NO_VALUES, &rows);
    while (error >= 0 && (error = db_rows_next(&rows)) > 0) {
        seen->items[seen->count].id = db_column_integer(&rows, 0);
        seen->items[seen->count].name = arena_copy(seen->arena, db_column_text(&rows, 1));
        seen->is_null[seen->count++] = db_column_is_null(&rows, 1);
    }
    return error;
}

TEST(rows_come_back_as_they_went_in)
{
    DATABASE(database);
    create_items(&database);
    /* A text of PostgreSQL holds no NUL. */
    struct text odd = database_server() == NULL ? TEXT("a\0b") : TEXT("a\1b");
    assert_int_equal(write_item(database.db, INT64_MIN, odd), 1);
    assert_int_equal(write_item(database.db, 0, TEXT("")), 1);
    assert_int_equal(write_item(database.db, 7, TEXT_NULL), 1);
    assert_int_equal(write_item(database.db, INT64_MAX, TEXT("h\xC3\xA9\xF0\x9F\x98\x80")), 1);
    static const enum db_weight weights[] = {DB_LIGHT, DB_HEAVY};
    for (size_t i = 0; i < COUNT_OF(weights); i++) {
        struct seen seen = {.arena = &database.arena};
        assert_int_equal(db_read(database.db, weights[i], select_items, &seen), 0);
        assert_int_equal(seen.count, 4);
        assert_int_equal(seen.items[0].id, INT64_MIN);
        assert_true(text_equal(seen.items[0].name, odd));
        assert_text(seen.items[1].name, "");
        assert_false(seen.is_null[1]);
        assert_true(seen.is_null[2]);
        assert_null(seen.items[2].name.data);
        assert_int_equal(seen.items[3].id, INT64_MAX);
        assert_text(seen.items[3].name, "h\xC3\xA9\xF0\x9F\x98\x80");
    }
}

TEST(tells_how_many_rows_a_statement_changed)
{
    DATABASE(database);
    create_items(&database);
    for (int64_t id = 1; id <= 3; id++)
        assert_int_equal(write_item(database.db, id, TEXT_NULL), 1);
    assert_int_equal(database_execute(database.db, "UPDATE items SET owner = 1 WHERE id < 3"), 2);
    assert_int_equal(database_execute(database.db, "UPDATE items SET owner = 1 WHERE id > 9"), 0);
    assert_int_equal(database_execute(database.db, "DELETE FROM items"), 3);
}

struct integer_query {
    const char *sql;
    int64_t value;
};

static int query_integer(struct db_connection *connection, void *argument)
{
    struct integer_query *query = argument;
    return db_query_integer(connection, text_from(query->sql), DB_NO_VALUES, &query->value);
}

TEST(no_row_is_not_found)
{
    DATABASE(database);
    create_items(&database);
    struct integer_query query = {.sql = "SELECT id FROM items", .value = 42};
    assert_int_equal(db_read(database.db, DB_LIGHT, query_integer, &query), ERROR_NOT_FOUND);
    assert_int_equal(query.value, 42);
}

TEST(a_wrong_statement_is_internal)
{
    DATABASE(database);
    create_items(&database);
    static const char *const statements[] = {"SELEKT 1", "SELECT nothing FROM items",
                                             "SELECT 1 FROM nowhere"};
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        struct integer_query query = {.sql = statements[i]};
        assert_int_equal(db_read(database.db, DB_LIGHT, query_integer, &query), ERROR_INTERNAL);
        assert_int_equal(database_execute(database.db, statements[i]), ERROR_INTERNAL);
    }
    assert_int_equal(write_item(database.db, 1, TEXT("still works")), 1);
}

TEST(a_broken_constraint_is_a_conflict)
{
    DATABASE(database);
    create_items(&database);
    assert_true(database_execute(database.db, "CREATE TABLE parts (item BIGINT NOT NULL "
                                              "REFERENCES items (id))") >= 0);
    assert_int_equal(write_item(database.db, 1, TEXT("one")), 1);
    assert_int_equal(write_item(database.db, 1, TEXT("two")), ERROR_CONFLICT);
    assert_int_equal(write_item(database.db, 2, TEXT("one")), ERROR_CONFLICT);
    assert_int_equal(database_execute(database.db, "INSERT INTO parts (item) VALUES (9)"),
                     ERROR_CONFLICT);
    assert_int_equal(database_execute(database.db, "INSERT INTO parts (item) VALUES (1)"), 1);
    assert_int_equal(database_execute(database.db, "DELETE FROM items"), ERROR_CONFLICT);
    assert_int_equal(database_integer(database.db, "SELECT count(*) FROM items"), 1);
}

static int insert_then_fail(struct db_connection *connection, void *argument)
{
    int inserted = insert(connection, argument);
    return inserted < 0 ? inserted : ERROR_STALE;
}

TEST(a_write_that_fails_leaves_nothing)
{
    DATABASE(database);
    create_items(&database);
    struct item item = {1, TEXT("one")};
    assert_int_equal(db_write(database.db, insert_then_fail, &item), ERROR_STALE);
    assert_int_equal(database_integer(database.db, "SELECT count(*) FROM items"), 0);
    assert_int_equal(write_item(database.db, 1, TEXT("one")), 1);
}

static int write_and_read_back(struct db_connection *connection, void *argument)
{
    int64_t *ret_count = argument;
    struct item item = {1, TEXT("one")};
    int error = insert(connection, &item);
    if (error < 0)
        return error;
    return db_query_integer(connection, TEXT("SELECT count(*) FROM items"), DB_NO_VALUES,
                            ret_count);
}

TEST(a_write_sees_what_it_wrote_and_reads_see_it_once_it_returned)
{
    DATABASE(database);
    create_items(&database);
    int64_t inside = 0;
    assert_int_equal(db_write(database.db, write_and_read_back, &inside), 0);
    assert_int_equal(inside, 1);
    assert_int_equal(database_integer(database.db, "SELECT count(*) FROM items"), 1);
}

struct loop_reads {
    struct db *db;
    int64_t light[20];
    int64_t heavy[20];
    int errors;
};

/* One fiber writes and reads by turns: on its loop's own connection and on the pool's. */
static void write_and_read_in_a_loop(void *argument)
{
    struct loop_reads *reads = argument;
    struct integer_query count = {.sql = "SELECT count(*) FROM items"};
    for (int64_t i = 0; i < 20; i++) {
        reads->errors += write_item(reads->db, i, TEXT_NULL) != 1;
        reads->errors += db_read(reads->db, DB_LIGHT, query_integer, &count) != 0;
        reads->light[i] = count.value;
        reads->errors += db_read(reads->db, DB_HEAVY, query_integer, &count) != 0;
        reads->heavy[i] = count.value;
    }
}

TEST(a_fiber_reads_what_it_has_written)
{
    DATABASE(database);
    create_items(&database);
    struct loop_reads reads = {.db = database.db};
    run_in_fiber(write_and_read_in_a_loop, &reads);
    assert_int_equal(reads.errors, 0);
    for (int64_t i = 0; i < 20; i++) {
        assert_int_equal(reads.light[i], i + 1);
        assert_int_equal(reads.heavy[i], i + 1);
    }
}

static int count_with_same_statement(struct db_connection *connection, int depth)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query(connection, TEXT("SELECT id FROM items ORDER BY id"), DB_NO_VALUES, &rows);
    int count = 0;
    while (error >= 0 && (error = db_rows_next(&rows)) > 0) {
        int below = depth == 0 ? 1 : count_with_same_statement(connection, depth - 1);
        if (below < 0 || db_column_integer(&rows, 0) < 1)
            return ERROR_INTERNAL;
        count += below;
    }
    return error < 0 ? error : count;
}

static int count_nested(struct db_connection *connection, void *argument)
{
    (void)argument;
    return count_with_same_statement(connection, 2);
}

TEST(one_statement_may_run_inside_itself)
{
    DATABASE(database);
    create_items(&database);
    for (int64_t id = 1; id <= 5; id++)
        assert_int_equal(write_item(database.db, id, TEXT_NULL), 1);
    assert_int_equal(db_read(database.db, DB_LIGHT, count_nested, NULL), 5 * 5 * 5);
    assert_int_equal(db_read(database.db, DB_LIGHT, count_nested, NULL), 5 * 5 * 5);
}

enum { TEXTS = 500 };

/* Far more texts than the cache of statements holds, twice, some of them running meanwhile. */
static int run_many_texts(struct db_connection *connection, void *argument)
{
    struct arena *arena = argument;
    DB_ROWS_CLEANUP struct db_rows outer = {0};
    int error = db_query(connection, TEXT("SELECT $1"), DB_VALUES(db_integer(1000)), &outer);
    if (error < 0 || db_rows_next(&outer) != 1)
        return ERROR_INTERNAL;
    for (int64_t i = 0; i < 2 * TEXTS; i++) {
        int64_t number = i % TEXTS;
        struct text sql = arena_format(arena, "SELECT %jd + $1", (intmax_t)number);
        int64_t value = -1;
        error = db_query_integer(connection, sql, DB_VALUES(db_integer(i)), &value);
        if (error < 0 || value != number + i)
            return ERROR_INTERNAL;
    }
    return db_column_integer(&outer, 0) == 1000 ? 0 : ERROR_INTERNAL;
}

TEST(runs_more_statements_than_it_remembers)
{
    DATABASE(database);
    assert_int_equal(db_read(database.db, DB_LIGHT, run_many_texts, &database.arena), 0);
    assert_int_equal(db_write(database.db, run_many_texts, &database.arena), 0);
}

static int select_values(struct db_connection *connection, void *argument)
{
    struct seen *seen = argument;
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query(connection, TEXT("SELECT $1, $2, $1"),
                         DB_VALUES(db_integer(5), db_text(seen->items[0].name)), &rows);
    if (error < 0 || db_rows_next(&rows) != 1)
        return ERROR_INTERNAL;
    seen->items[1].id = db_column_integer(&rows, 0) + db_column_integer(&rows, 2);
    seen->is_null[1] = db_column_is_null(&rows, 1);
    seen->items[1].name = arena_copy(seen->arena, db_column_text(&rows, 1));
    return 0;
}

TEST(values_do_not_stay_with_a_statement)
{
    DATABASE(database);
    struct seen seen = {.arena = &database.arena};
    seen.items[0].name = TEXT("once");
    assert_int_equal(db_read(database.db, DB_LIGHT, select_values, &seen), 0);
    assert_int_equal(seen.items[1].id, 10);
    assert_text(seen.items[1].name, "once");
    seen.items[0].name = TEXT_NULL;
    assert_int_equal(db_read(database.db, DB_LIGHT, select_values, &seen), 0);
    assert_true(seen.is_null[1]);
}

static int run_script(struct db_connection *connection, void *argument)
{
    return db_script(connection, argument);
}

TEST(a_script_is_all_or_nothing)
{
    DATABASE(database);
    assert_int_equal(db_write(database.db, run_script,
                              (void *)"CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1);"
                                      "INSERT INTO a VALUES (2);"),
                     0);
    assert_int_equal(database_integer(database.db, "SELECT sum(x) FROM a"), 3);
    assert_true(db_write(database.db, run_script,
                         (void *)"INSERT INTO a VALUES (3); INSERT INTO nowhere VALUES (4);") < 0);
    assert_int_equal(database_integer(database.db, "SELECT sum(x) FROM a"), 3);
}

TEST(compares_letters_without_regard_to_case)
{
    static const struct {
        const char *sql;
        int64_t value;
    } rows[] = {
        {"SELECT contains_folded('Buy MILK today', 'milk')", 1},
        {"SELECT contains_folded('Buy milk', 'MILKS')", 0},
        {"SELECT contains_folded('anything', '')", 1},
        {"SELECT contains_folded('', '')", 1},
        {"SELECT contains_folded('', 'a')", 0},
        {"SELECT contains_folded(NULL, 'a')", 0},
        {"SELECT contains_folded('a', NULL)", 0},
        {"SELECT contains_folded('100%_\\', '%_\\')", 1},
        {"SELECT contains_folded('caf\xC3\xA9', 'CAF\xC3\x89')", 1},
        {"SELECT contains_folded('caf\xC3\xA9', '')", 1},
        {"SELECT contains_folded('cafe\xCC\x81', 'CAF\xC3\x89')", 1},
        {"SELECT contains_folded('Stra\xC3\x9F"
         "e', 'STRASSE')",
         1},
        {"SELECT contains_folded('\xCE\xA3\xCE\x9F\xCE\xA6\xCE\x9F\xCE\xA3', "
         "'\xCF\x83\xCE\xBF\xCF\x86\xCE\xBF\xCF\x82')",
         1},
        {"SELECT contains_folded('\xD0\x97\xD0\xB0\xD0\xB4', '\xD0\xB7\xD0\x90')", 1},
        {"SELECT folded('ABC') = folded('abc')", 1},
        {"SELECT folded('\xC3\x89') = folded('e\xCC\x81')", 1},
        {"SELECT folded('a') = folded('b')", 0},
        {"SELECT folded('') = ''", 1},
        {"SELECT folded(NULL) IS NULL", 1},
    };
    SQLITE_ONLY();
    DATABASE(database);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (database_integer(database.db, rows[i].sql) != rows[i].value)
            print_error("%s is not %d\n", rows[i].sql, (int)rows[i].value);
        assert_int_equal(database_integer(database.db, rows[i].sql), rows[i].value);
    }
}

UNIT_TESTS(cmocka_unit_test(opens_files_by_url_and_nothing_else),
           cmocka_unit_test(a_file_that_cannot_be_had_is_unavailable),
           cmocka_unit_test(takes_a_url_with_a_driver),
           cmocka_unit_test(rows_come_back_as_they_went_in),
           cmocka_unit_test(tells_how_many_rows_a_statement_changed),
           cmocka_unit_test(no_row_is_not_found), cmocka_unit_test(a_wrong_statement_is_internal),
           cmocka_unit_test(a_broken_constraint_is_a_conflict),
           cmocka_unit_test(a_write_that_fails_leaves_nothing),
           cmocka_unit_test(a_write_sees_what_it_wrote_and_reads_see_it_once_it_returned),
           cmocka_unit_test(a_fiber_reads_what_it_has_written),
           cmocka_unit_test(one_statement_may_run_inside_itself),
           cmocka_unit_test(runs_more_statements_than_it_remembers),
           cmocka_unit_test(values_do_not_stay_with_a_statement),
           cmocka_unit_test(a_script_is_all_or_nothing),
           cmocka_unit_test(compares_letters_without_regard_to_case))
