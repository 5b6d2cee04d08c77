/*
 * migrate.h: brings a database's tables to the form this program knows.
 *
 * A migration is a file migrations/<engine>/NNNN_name.sql, embedded in the program. What is missing
 * is applied in one transaction, all or nothing, and recorded with the SHA-256 of each text. To add
 * one: a file with the next number for every engine. A file that has been released is never edited.
 */
#ifndef ERRAND_DB_MIGRATE_H
#define ERRAND_DB_MIGRATE_H

#include "base/arena.h"
#include "db/db.h"

struct migration_state {
    struct text name;
    bool applied;
    int64_t applied_at; /* microseconds; when applied */
};

/* migrate_apply: applies what is missing and returns how many that were. Several processes may call
 * it at once; each migration is applied once. ERROR_CONFLICT with a message when the database holds
 * a migration that this program does not know (it is newer) or knows otherwise; the errors of
 * db_write. */
int migrate_apply(struct db *db, struct arena *arena, struct text *ret_message);

/* migrate_list: every known migration and whether it is applied, for `errand migrate status`; their
 * number. The list lives in `arena`. */
int migrate_list(struct db *db, struct arena *arena, struct migration_state **ret_states,
                 struct text *ret_message);

/* migrate_identify: a short text that tells this database from others, for what is kept elsewhere
 * about it: when it was made and, on a server that has many, its number there. The errors of
 * db_read. */
int migrate_identify(struct db *db, struct arena *arena, struct text *ret_identity);

/* A database that another one is being copied into (domain/move.h) bears a note of where the data
 * comes from. As long as it does, migrate_apply refuses it with ERROR_CONFLICT, so that nothing
 * serves the half of it. */

/* migrate_note_move, migrate_forget_move: write the note and remove it, in a write. */
int migrate_note_move(struct db_connection *connection, struct text source);
int migrate_forget_move(struct db_connection *connection);

/* migrate_find_move: the note, or the null text. */
int migrate_find_move(struct db *db, struct arena *arena, struct text *ret_source);

#endif
