#include "db/migrate.h"

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/error.h"
#include "db/engine.h"

/* The row of schema_migrations that is no migration. */
#define NOTE "moving"

enum { CHECKSUM_SIZE = 65 }; /* 64 hexadecimal digits and a NUL */

struct migration_run {
    struct db *db;
    struct arena *arena;
    struct migration_state *states;
    struct text message;
    bool apply;
};

static void checksum(const struct embedded_file *file, char buffer[static CHECKSUM_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(file->data, file->size, digest, &size, EVP_sha256(), NULL);
    for (unsigned int i = 0; i < size && i < 32; i++) {
        buffer[2 * i] = hex[digest[i] >> 4];
        buffer[2 * i + 1] = hex[digest[i] & 15];
    }
    buffer[CHECKSUM_SIZE - 1] = '\0';
}

static int create_table(struct db_connection *connection)
{
    const char *lock = connection->engine->lock;
    int error = lock == NULL ? 0 : db_execute(connection, text_from(lock), DB_NO_VALUES);
    if (error < 0)
        return error;
    return db_execute(connection,
                      TEXT("CREATE TABLE IF NOT EXISTS schema_migrations ("
                           "name TEXT PRIMARY KEY, checksum TEXT NOT NULL, "
                           "applied_at BIGINT NOT NULL)"),
                      DB_NO_VALUES);
}

/* Whether `file` is recorded; notes when. ERROR_CONFLICT when it was recorded with another text. */
static int find_applied(struct db_connection *connection, struct migration_run *run,
                        const struct embedded_file *file, struct migration_state *state)
{
    state->name = text_from(file->name);
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query(connection,
                         TEXT("SELECT checksum, applied_at FROM schema_migrations WHERE name = $1"),
                         DB_VALUES(db_text(state->name)), &rows);
    if (error < 0)
        return error;
    error = db_rows_next(&rows);
    if (error <= 0)
        return error;
    char expected[CHECKSUM_SIZE];
    checksum(file, expected);
    if (!text_is(db_column_text(&rows, 0), expected)) {
        run->message = arena_format(run->arena,
                                    "the database was made by another version of migration %s; "
                                    "use the errand that made it",
                                    file->name);
        return ERROR_CONFLICT;
    }
    state->applied = true;
    state->applied_at = db_column_integer(&rows, 1);
    return 0;
}

static int apply(struct db_connection *connection, const struct embedded_file *file,
                 struct migration_state *state)
{
    int error = db_script(connection, (const char *)file->data);
    if (error < 0)
        return error;
    char sum[CHECKSUM_SIZE];
    checksum(file, sum);
    state->applied_at = clock_now();
    error = db_execute(
        connection,
        TEXT("INSERT INTO schema_migrations (name, checksum, applied_at) VALUES ($1, $2, $3)"),
        DB_VALUES(db_text(state->name), db_text(text_from(sum)), db_integer(state->applied_at)));
    if (error < 0)
        return error;
    state->applied = true;
    return 1;
}

static int find_note(struct db_connection *connection, struct arena *arena, struct text *ret_source)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error =
        db_query(connection, TEXT("SELECT checksum FROM schema_migrations WHERE name = '" NOTE "'"),
                 DB_NO_VALUES, &rows);
    if (error < 0)
        return error;
    int found = db_rows_next(&rows);
    if (found < 0)
        return found;
    *ret_source = found ? arena_copy(arena, db_column_text(&rows, 0)) : TEXT_NULL;
    return 0;
}

static int check_no_move(struct db_connection *connection, struct migration_run *run)
{
    struct text source = TEXT_NULL;
    int error = find_note(connection, run->arena, &source);
    if (error < 0 || source.data == NULL)
        return error;
    run->message = TEXT("another database is being copied into this one, which has not ended yet; "
                        "run errand migrate --from ... again");
    return ERROR_CONFLICT;
}

static int check_not_newer(struct db_connection *connection, struct migration_run *run,
                           size_t known)
{
    int64_t recorded;
    int error = db_query_integer(connection, TEXT("SELECT count(*) FROM schema_migrations"),
                                 DB_NO_VALUES, &recorded);
    if (error < 0)
        return error;
    if (recorded > (int64_t)known) {
        run->message = TEXT("the database was made by a newer errand; use that one");
        return ERROR_CONFLICT;
    }
    return 0;
}

static int run_all(struct db_connection *connection, void *argument)
{
    struct migration_run *run = argument;
    const struct embedded_file *files = run->db->engine->migrations;
    size_t count = *run->db->engine->migration_count;
    run->states = arena_allocate_zeroed(run->arena, (count + 1) * sizeof *run->states);
    int error = create_table(connection);
    int applied = 0;
    for (size_t i = 0; i < count && error >= 0; i++) {
        error = find_applied(connection, run, &files[i], &run->states[i]);
        if (error >= 0 && run->apply && !run->states[i].applied) {
            error = apply(connection, &files[i], &run->states[i]);
            applied++;
        }
    }
    if (error >= 0)
        error = check_no_move(connection, run);
    if (error >= 0)
        error = check_not_newer(connection, run, count);
    return error < 0 ? error : applied;
}

static int run_in_write(struct migration_run *run, struct text *ret_message)
{
    int result = db_write(run->db, run_all, run);
    if (result < 0)
        *ret_message = run->message.data != NULL ? run->message : text_from(error_text(result));
    return result;
}

int migrate_apply(struct db *db, struct arena *arena, struct text *ret_message)
{
    struct migration_run run = {.db = db, .arena = arena, .apply = true};
    return run_in_write(&run, ret_message);
}

int migrate_list(struct db *db, struct arena *arena, struct migration_state **ret_states,
                 struct text *ret_message)
{
    struct migration_run run = {.db = db, .arena = arena};
    int result = run_in_write(&run, ret_message);
    if (result < 0)
        return result;
    *ret_states = run.states;
    return (int)*db->engine->migration_count;
}

struct identification {
    struct arena *arena;
    struct text identity;
};

static int run_identify(struct db_connection *connection, void *argument)
{
    struct identification *identification = argument;
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query_one(
        connection,
        db_dialect(connection, TEXT("SELECT min(applied_at), 0 FROM schema_migrations"),
                   TEXT("SELECT min(applied_at), (SELECT CAST(oid AS BIGINT) FROM pg_database "
                        "WHERE datname = current_database()) FROM schema_migrations")),
        DB_NO_VALUES, &rows);
    if (error < 0)
        return error;
    identification->identity =
        arena_format(identification->arena, "%jx.%jx", (uintmax_t)db_column_integer(&rows, 0),
                     (uintmax_t)db_column_integer(&rows, 1));
    return 0;
}

int migrate_identify(struct db *db, struct arena *arena, struct text *ret_identity)
{
    struct identification identification = {.arena = arena};
    int error = db_read(db, DB_SINGLE, run_identify, &identification);
    if (error >= 0)
        *ret_identity = identification.identity;
    return error;
}

int migrate_note_move(struct db_connection *connection, struct text source)
{
    return db_execute(connection,
                      TEXT("INSERT INTO schema_migrations (name, checksum, applied_at) "
                           "VALUES ('" NOTE "', $1, $2)"),
                      DB_VALUES(db_text(source), db_integer(clock_now())));
}

int migrate_forget_move(struct db_connection *connection)
{
    return db_execute(connection, TEXT("DELETE FROM schema_migrations WHERE name = '" NOTE "'"),
                      DB_NO_VALUES);
}

struct note {
    struct arena *arena;
    struct text source;
};

static int run_find_note(struct db_connection *connection, void *argument)
{
    struct note *note = argument;
    int error = create_table(connection);
    return error < 0 ? error : find_note(connection, note->arena, &note->source);
}

int migrate_find_move(struct db *db, struct arena *arena, struct text *ret_source)
{
    struct note note = {.arena = arena};
    int error = db_write(db, run_find_note, &note);
    if (error >= 0)
        *ret_source = note.source;
    return error < 0 ? error : 0;
}
