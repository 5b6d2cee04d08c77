#include "domain/move.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "db/migrate.h"
#include "domain/move_table.h"
#include "domain/task_search.h"

/* Every table, those first that others refer to. A new one is added here (tests look). */
static const struct {
    const char *name;
    const char *where; /* of the rows that are copied; NULL: all */
} tables[] = {
    {"users", NULL},
    {"tasks", NULL},
    {"task_tags", NULL},
    {"task_totals", NULL},
    {"files", NULL},
    {"unused_blobs", NULL},
    {"task_log", NULL},
    {"schedule", NULL},
    {"events", NULL},
    {"idempotency_keys", NULL},
    {"followers", "name <> '" TASK_SEARCH_FOLLOWER "'"}, /* the index is made anew */
    {"audit_seals", NULL},
    {"jobs", NULL},
    {"job_data", NULL},
    {"job_operations", NULL},
    {"notifications", NULL},
};
enum { TABLE_COUNT = sizeof tables / sizeof tables[0] };

struct move {
    struct db *source;
    struct db *target;
    struct arena *arena; /* of what lives as long as the move */
    const struct move_progress *progress;
    struct text message;
    struct text identity; /* of the source */
    struct move_table tables[TABLE_COUNT];
};

static bool is_known(struct text name)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (text_is(name, tables[i].name))
            return true;
    return text_is(name, "schema_migrations");
}

/* The source has to be up to date, and an errand's. */
static int identify_source(struct move *move)
{
    struct migration_state *states;
    int count = migrate_list(move->source, move->arena, &states, &move->message);
    if (count < 0)
        return count;
    for (int i = 0; i < count; i++)
        if (!states[i].applied) {
            move->message = TEXT("the database to copy is not up to date; run errand migrate on it "
                                 "first, with its DATABASE_URL");
            return ERROR_INVALID;
        }
    struct text *names;
    size_t name_count;
    int error = migrate_identify(move->source, move->arena, &move->identity);
    if (error >= 0)
        error = move_table_list(move->source, move->arena, &names, &name_count);
    for (size_t i = 0; error >= 0 && i < name_count; i++)
        if (!is_known(names[i])) {
            move->message = arena_format(move->arena,
                                         "the database to copy has a table %.*s, "
                                         "which is none of errand's",
                                         TEXT_ARGUMENTS(names[i]));
            return ERROR_INVALID;
        }
    return error;
}

static int describe_tables(struct move *move)
{
    int error = 0;
    for (size_t i = 0; i < TABLE_COUNT && error >= 0; i++)
        error = move_table_describe(move->source, move->target, move->arena, tables[i].name,
                                    tables[i].where, &move->tables[i], &move->message);
    return error;
}

static int run_note(struct db_connection *connection, void *argument)
{
    const struct move *move = argument;
    return migrate_note_move(connection, move->identity);
}

static int begin_anew(struct move *move)
{
    int error = migrate_apply(move->target, move->arena, &move->message);
    if (error >= 0)
        error = describe_tables(move);
    for (size_t i = 0; error >= 0 && i < TABLE_COUNT; i++) {
        int64_t count;
        error = move_table_count(move->target, move->arena, &move->tables[i], &count);
        if (error >= 0 && count > 0) {
            move->message =
                arena_format(move->arena, "the database to copy to is not empty: %s has %jd rows",
                             tables[i].name, (intmax_t)count);
            return ERROR_INVALID;
        }
    }
    return error < 0 ? error : db_write(move->target, run_note, move);
}

/* Makes the target ready: an empty one, or one that an earlier run began with. */
static int prepare_target(struct move *move)
{
    struct text note = TEXT_NULL;
    int error = migrate_find_move(move->target, move->arena, &note);
    if (error < 0)
        return error;
    if (note.data == NULL)
        return begin_anew(move);
    if (!text_equal(note, move->identity)) {
        move->message = TEXT("the copy that was begun there is of another database");
        return ERROR_INVALID;
    }
    return describe_tables(move);
}

struct part {
    struct arena *arena;
    const struct move_table *table;
    struct move_rows rows;
};

static int run_write(struct db_connection *connection, void *argument)
{
    const struct part *part = argument;
    return move_table_write(connection, part->arena, part->table, &part->rows);
}

/* The key, in an arena of its own: the one of the part goes. */
static void keep_key(const struct move_table *table, struct arena *arena,
                     struct db_value key[static MOVE_KEYS])
{
    arena_release(arena);
    arena_init(arena);
    for (size_t i = 0; i < table->key_count; i++)
        if (key[i].type == DB_TEXT)
            key[i].text = arena_copy(arena, key[i].text);
}

static int copy_rows(struct move *move, const struct move_table *table, struct arena *keys)
{
    int64_t total;
    int64_t copied;
    bool resumed;
    struct db_value key[MOVE_KEYS];
    int error = move_table_count(move->source, move->arena, table, &total);
    if (error >= 0)
        error = move_table_count(move->target, move->arena, table, &copied);
    if (error >= 0)
        error = move_table_find_last(move->target, keys, table, &resumed, key);
    if (error < 0)
        return error;
    const struct db_value *after = resumed ? key : NULL;
    for (bool more = true; more && error >= 0;) {
        struct arena arena;
        arena_init(&arena);
        struct part part = {.arena = &arena, .table = table};
        error = move_table_read(move->source, &arena, table, after, &part.rows);
        more = error >= 0 && part.rows.count > 0;
        if (more)
            error = db_write(move->target, run_write, &part);
        if (more && error >= 0) {
            move_table_key(table, &part.rows.values[(part.rows.count - 1) * table->read], key);
            keep_key(table, keys, key);
            after = key;
            copied += (int64_t)part.rows.count;
            move->progress->copied(move->progress, table->name, copied, total);
        }
        arena_release(&arena);
    }
    return error < 0 ? error : move_table_copy_sequence(move->source, move->target, table);
}

/* The SHA-256 of all rows in the order of the key, and how many they are. */
struct digest {
    EVP_MD_CTX *context;
    int64_t rows;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int size;
};

static void digest_value(struct digest *digest, const struct db_value *value)
{
    const unsigned char type = (unsigned char)value->type;
    EVP_DigestUpdate(digest->context, &type, 1);
    if (value->type == DB_INTEGER) {
        EVP_DigestUpdate(digest->context, &value->integer, sizeof value->integer);
    } else if (value->type == DB_TEXT) {
        EVP_DigestUpdate(digest->context, &value->text.length, sizeof value->text.length);
        EVP_DigestUpdate(digest->context, value->text.data, value->text.length);
    }
}

static int digest_rows(struct db *db, const struct move_table *table, struct arena *keys,
                       struct digest *digest)
{
    struct db_value key[MOVE_KEYS];
    const struct db_value *after = NULL;
    int error = 0;
    for (bool more = true; more && error >= 0;) {
        struct arena arena;
        arena_init(&arena);
        struct move_rows rows;
        error = move_table_read(db, &arena, table, after, &rows);
        more = error >= 0 && rows.count > 0;
        for (size_t i = 0; more && i < rows.count * table->read; i++)
            digest_value(digest, &rows.values[i]);
        if (more) {
            digest->rows += (int64_t)rows.count;
            move_table_key(table, &rows.values[(rows.count - 1) * table->read], key);
            keep_key(table, keys, key);
            after = key;
        }
        arena_release(&arena);
    }
    return error;
}

static int digest_table(struct db *db, const struct move_table *table, struct digest *ret_digest)
{
    *ret_digest = (struct digest){.context = EVP_MD_CTX_new()};
    if (ret_digest->context == NULL ||
        EVP_DigestInit_ex(ret_digest->context, EVP_sha256(), NULL) != 1)
        abort(); /* out of memory */
    struct arena keys;
    arena_init(&keys);
    int error = digest_rows(db, table, &keys, ret_digest);
    arena_release(&keys);
    EVP_DigestFinal_ex(ret_digest->context, ret_digest->hash, &ret_digest->size);
    EVP_MD_CTX_free(ret_digest->context);
    return error;
}

static int verify(struct move *move, const struct move_table *table)
{
    struct digest source;
    struct digest target;
    int error = digest_table(move->source, table, &source);
    if (error >= 0)
        error = digest_table(move->target, table, &target);
    if (error < 0)
        return error;
    if (source.rows != target.rows || memcmp(source.hash, target.hash, source.size) != 0) {
        move->message = arena_format(
            move->arena,
            "%.*s differs, of %jd rows there and %jd in the copy: the database was changed while "
            "it "
            "was copied. Stop what uses it, empty the database to copy to, and begin anew",
            TEXT_ARGUMENTS(table->name), (intmax_t)source.rows, (intmax_t)target.rows);
        return ERROR_CONFLICT;
    }
    move->progress->verified(move->progress, table->name, source.rows);
    return 0;
}

static int run_forget(struct db_connection *connection, void *argument)
{
    (void)argument;
    return migrate_forget_move(connection);
}

static int copy_and_verify(struct move *move)
{
    int error = 0;
    for (size_t i = 0; i < TABLE_COUNT && error >= 0; i++) {
        struct arena keys;
        arena_init(&keys);
        error = copy_rows(move, &move->tables[i], &keys);
        arena_release(&keys);
    }
    for (size_t i = 0; i < TABLE_COUNT && error >= 0; i++)
        error = verify(move, &move->tables[i]);
    return error < 0 ? error : db_write(move->target, run_forget, NULL);
}

int move_house(struct db *source, struct db *target, struct arena *arena,
               const struct move_progress *progress, struct text *ret_message)
{
    struct move *move = arena_allocate_zeroed(arena, sizeof *move);
    *move = (struct move){.source = source, .target = target, .arena = arena, .progress = progress};
    int error = identify_source(move);
    if (error >= 0)
        error = prepare_target(move);
    if (error >= 0)
        error = copy_and_verify(move);
    if (error < 0)
        *ret_message = move->message.data != NULL ? move->message : text_from(error_text(error));
    return error < 0 ? error : 0;
}
