/*
 * cursor.h: where a list goes on.
 *
 * A cursor names the last item that was sent by its sort key and id, so that the next part starts
 * right behind it whatever was inserted or removed meanwhile (keyset paging). Clients take it as
 * opaque: base64url of the JSON [sort, descending, key, id].
 */
#ifndef ERRAND_DOMAIN_CURSOR_H
#define ERRAND_DOMAIN_CURSOR_H

#include <stdbool.h>

#include "base/arena.h"
#include "db/db.h"

struct cursor {
    int64_t sort; /* rank of the field sorted by */
    bool descending;
    struct db_value key; /* an integer or a text */
    int64_t id;
};

/* cursor_encode: in `arena`. */
struct text cursor_encode(struct arena *arena, const struct cursor *cursor);

/* cursor_decode: ERROR_INVALID when `text` is no cursor of ours. */
int cursor_decode(struct arena *arena, struct text text, struct cursor *ret_cursor);

/* The cursor of a list that is ordered by a number of its own, the newest first. */
struct text cursor_encode_sequence(struct arena *arena, int64_t number);
int cursor_decode_sequence(struct arena *arena, struct text text, int64_t *ret_number);

#endif
