/*
 * audit_hash.h: the hashes of rows and seals; audit_seal.h says what goes into them.
 */
#ifndef ERRAND_DOMAIN_AUDIT_HASH_H
#define ERRAND_DOMAIN_AUDIT_HASH_H

#include <openssl/evp.h>

#include "base/buffer.h"
#include "db/db.h"

enum {
    AUDIT_ROW_BATCH = 1000,           /* rows that one seal covers at most */
    AUDIT_ROW_HASHES_LIMIT = 1 << 16, /* bytes of their list */
    AUDIT_HASH_SIZE = 32,
};

/* The rows behind `after` up to `until`, and the query's place among them. */
struct audit_rows {
    struct db_rows rows;
    int64_t seq; /* of the current row */
    unsigned char hash[AUDIT_HASH_SIZE];
};

/* audit_rows_start: the query, of at most `limit` rows. audit_rows_next: as db_rows_next. The rows
 * are ended by db_rows_end(&rows.rows). */
int audit_rows_start(struct db_connection *connection, int64_t after, int64_t until, int64_t limit,
                     struct audit_rows *ret_rows);
int audit_rows_next(struct audit_rows *rows);

/* audit_rows_describe: "seq:hash " of the current row. */
void audit_rows_describe(const struct audit_rows *rows, struct buffer *buffer);

/* The hash of a seal, as it grows. */
struct audit_hash {
    EVP_MD_CTX *context;
};

void audit_hash_init(struct audit_hash *hash, struct text previous_hash);
void audit_hash_add(struct audit_hash *hash, const struct audit_rows *rows);

/* audit_hash_release: the hash in hexadecimal, in `arena`; always to be called. */
struct text audit_hash_release(struct audit_hash *hash, struct arena *arena);

#endif
