#include "domain/audit_seal.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "domain/audit_hash.h"

/* A row of audit_seals. */
struct seal {
    int64_t last_seq;
    int64_t count;
    struct text row_hashes;
    struct text previous_hash;
    struct text hash;
};

/* Making seals. */

static int read_previous_hash(struct db_connection *connection, struct arena *arena,
                              struct text *ret_hash)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more =
        db_query(connection, TEXT("SELECT hash FROM audit_seals ORDER BY last_seq DESC LIMIT 1"),
                 DB_NO_VALUES, &rows);
    if (more >= 0)
        more = db_rows_next(&rows);
    if (more >= 0)
        *ret_hash = more == 0 ? TEXT("") : arena_copy(arena, db_column_text(&rows, 0));
    return more;
}

int audit_seal_prepare(struct db_connection *connection, struct follower_part *part)
{
    struct seal *seal = arena_allocate_zeroed(part->arena, sizeof *seal);
    int more = read_previous_hash(connection, part->arena, &seal->previous_hash);
    if (more < 0)
        return more;
    struct audit_rows rows = {0};
    more = audit_rows_start(connection, part->position, part->limit, AUDIT_ROW_BATCH, &rows);
    if (more < 0)
        return more;
    struct buffer row_hashes;
    buffer_init(&row_hashes, part->arena, AUDIT_ROW_HASHES_LIMIT);
    struct audit_hash hash;
    audit_hash_init(&hash, seal->previous_hash);
    while ((more = audit_rows_next(&rows)) > 0) {
        audit_hash_add(&hash, &rows);
        audit_rows_describe(&rows, &row_hashes);
        part->last = rows.seq;
        seal->count++;
    }
    db_rows_end(&rows.rows);
    seal->hash = audit_hash_release(&hash, part->arena);
    seal->row_hashes = buffer_text(&row_hashes);
    seal->last_seq = part->last;
    part->work = seal;
    return more;
}

int audit_seal_apply(struct db_connection *connection, struct follower_part *part)
{
    const struct seal *seal = part->work;
    return db_execute(connection,
                      TEXT("INSERT INTO audit_seals (last_seq, count, row_hashes, previous_hash, "
                           "hash, sealed_at) VALUES ($1, $2, $3, $4, $5, $6)"),
                      DB_VALUES(db_integer(seal->last_seq), db_integer(seal->count),
                                db_text(seal->row_hashes), db_text(seal->previous_hash),
                                db_text(seal->hash), db_integer(clock_now())));
}

/* Checking them. One seal is read in a transaction of its own: the rows never change, and a long
 * one would keep the database from tidying up. */

struct check {
    struct arena *arena; /* for the seal at hand */
    struct audit_report *report;
    int64_t after; /* the last row of the seal before */
    bool done;
};

static int find(struct check *check, enum audit_finding finding, int64_t seq)
{
    check->report->finding = finding;
    check->report->seq = seq;
    check->done = true;
    return 0;
}

/* The next row that the seal lists, as "seq:hash". */
static bool next_listed(struct text *rest, int64_t *ret_seq, struct text *ret_entry)
{
    struct text entry;
    struct text seq;
    if (!text_split(rest, ' ', &entry) || entry.length == 0)
        return false;
    struct text hash = entry;
    text_split(&hash, ':', &seq);
    if (text_parse_integer(seq, ret_seq) < 0)
        return false;
    *ret_entry = entry;
    return true;
}

static bool is_listed_as(const struct audit_rows *rows, struct text entry)
{
    char storage[64];
    struct buffer buffer;
    buffer_init_fixed(&buffer, storage, sizeof storage);
    audit_rows_describe(rows, &buffer);
    struct text described = buffer_text(&buffer);
    return text_equal((struct text){described.data, described.length - 1}, entry);
}

/* Compares the rows with the list, both in order of seq. */
static int check_rows(struct check *check, const struct seal *seal, struct audit_rows *rows,
                      struct audit_hash *hash)
{
    struct text rest = seal->row_hashes;
    struct text entry = TEXT_NULL;
    int64_t listed = 0;
    int more;
    while ((more = audit_rows_next(rows)) > 0) {
        if (!next_listed(&rest, &listed, &entry) || rows->seq < listed)
            return find(check, AUDIT_INSERTED, rows->seq);
        if (rows->seq > listed)
            return find(check, AUDIT_MISSING, listed);
        if (!is_listed_as(rows, entry))
            return find(check, AUDIT_CHANGED, listed);
        audit_hash_add(hash, rows);
    }
    if (more >= 0 && next_listed(&rest, &listed, &entry))
        return find(check, AUDIT_MISSING, listed);
    return more;
}

static int check_seal(struct db_connection *connection, struct check *check,
                      const struct seal *seal)
{
    if (!text_is(seal->previous_hash, check->report->hash))
        return find(check, AUDIT_SEAL, seal->last_seq);
    struct audit_rows rows = {0};
    int error = audit_rows_start(connection, check->after, seal->last_seq, INT64_MAX, &rows);
    if (error < 0)
        return error;
    struct audit_hash hash;
    audit_hash_init(&hash, seal->previous_hash);
    error = check_rows(check, seal, &rows, &hash);
    db_rows_end(&rows.rows);
    struct text computed = audit_hash_release(&hash, check->arena);
    if (error >= 0 && !check->done && !text_equal(computed, seal->hash))
        return find(check, AUDIT_SEAL, seal->last_seq);
    return error;
}

/* Behind the last seal: the follower knows how far it had come. */
static int check_end(struct db_connection *connection, struct check *check)
{
    int64_t position;
    int error = db_query_integer(
        connection, TEXT("SELECT coalesce(max(position), 0) FROM followers WHERE name = $1"),
        DB_VALUES(db_text(TEXT(AUDIT_SEAL_FOLLOWER))), &position);
    if (error < 0)
        return error;
    if (position > check->after)
        return find(check, AUDIT_SEAL_END, position);
    check->done = true;
    return db_query_integer(connection, TEXT("SELECT count(*) FROM events WHERE seq > $1"),
                            DB_VALUES(db_integer(check->after)), &check->report->unsealed);
}

static int run_check(struct db_connection *connection, void *argument)
{
    struct check *check = argument;
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(connection,
                        TEXT("SELECT last_seq, count, row_hashes, previous_hash, hash "
                             "FROM audit_seals WHERE last_seq > $1 ORDER BY last_seq LIMIT 1"),
                        DB_VALUES(db_integer(check->after)), &rows);
    if (more >= 0)
        more = db_rows_next(&rows);
    if (more <= 0)
        return more < 0 ? more : check_end(connection, check);
    const struct seal seal = {
        .last_seq = db_column_integer(&rows, 0),
        .count = db_column_integer(&rows, 1),
        .row_hashes = arena_copy(check->arena, db_column_text(&rows, 2)),
        .previous_hash = arena_copy(check->arena, db_column_text(&rows, 3)),
        .hash = arena_copy(check->arena, db_column_text(&rows, 4)),
    };
    int error = check_seal(connection, check, &seal);
    if (error < 0 || check->done)
        return error;
    check->after = seal.last_seq;
    check->report->sealed += seal.count;
    memcpy(check->report->hash, seal.hash.data, AUDIT_HASH_LENGTH); /* as it was computed */
    return 0;
}

int audit_seal_verify(struct db *db, struct audit_report *ret_report)
{
    /* Rows are numbered from 1; anything before would have been put there. */
    struct audit_report report = {.finding = AUDIT_INTACT};
    struct check check = {.report = &report, .after = INT64_MIN};
    int error = 0;
    while (error >= 0 && !check.done) {
        struct arena arena;
        arena_init(&arena);
        check.arena = &arena;
        error = db_read(db, DB_HEAVY, run_check, &check);
        arena_release(&arena);
    }
    if (error == 0)
        *ret_report = report;
    return error;
}
