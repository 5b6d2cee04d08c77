/*
 * move.h: copies everything from one database into another, of the other engine or the same.
 *
 * Table by table, in parts; each part is a transaction, and rows go in the order of their keys, so
 * that what is there already says where to go on after an interruption. In the end every row is
 * read again on both sides and compared. Until then the target bears a note (db/migrate.h) that
 * keeps servers from using it.
 */
#ifndef ERRAND_DOMAIN_MOVE_H
#define ERRAND_DOMAIN_MOVE_H

#include "db/db.h"

/* What it tells on the way. */
struct move_progress {
    void (*copied)(const struct move_progress *progress, struct text table, int64_t rows,
                   int64_t total);
    void (*verified)(const struct move_progress *progress, struct text table, int64_t rows);
};

/* move_house: copies `source` into `target`, which is empty or was left by an earlier run that was
 * interrupted. On failure there is a message for the user, and running it again goes on:
 *   ERROR_INVALID       one of the two is not what it has to be
 *   ERROR_CONFLICT      the copy differs: the source was changed meanwhile
 *   those of db_write */
int move_house(struct db *source, struct db *target, struct arena *arena,
               const struct move_progress *progress, struct text *ret_message);

#endif
