/*
 * audit_seal.h: what makes a change of the log show.
 *
 * A follower of the log (follower.h) seals its rows in batches, about a second behind. A seal holds
 * the first half of each row's SHA-256, which tells the rows apart when one was tampered with, and
 * a SHA-256 over the seal before it and the whole hash of every row, so that each seal vouches for
 * all that came before. Whoever keeps the last hash elsewhere can tell even that the whole log and
 * all seals were made anew.
 *
 *     row hash    = SHA-256 of the columns seq, at, actor_id, action, resource_type, resource_id,
 *                   request_id, changes, each as its length, `:` and its text (integers in
 *                   decimal), or `n` for null
 *     seal hash   = SHA-256 of the hash before (hexadecimal; empty for the first) and the row
 *                   hashes (binary) in order of seq
 */
#ifndef ERRAND_DOMAIN_AUDIT_SEAL_H
#define ERRAND_DOMAIN_AUDIT_SEAL_H

#include "domain/follower.h"

#define AUDIT_SEAL_FOLLOWER "seal"

enum { AUDIT_HASH_LENGTH = 64 }; /* in hexadecimal */

/* The follower's two functions. */
int audit_seal_prepare(struct db_connection *connection, struct follower_part *part);
int audit_seal_apply(struct db_connection *connection, struct follower_part *part);

enum audit_finding {
    AUDIT_INTACT,
    AUDIT_CHANGED,  /* the row `seq` is not as it was sealed */
    AUDIT_MISSING,  /* the row `seq` was sealed and is not there */
    AUDIT_INSERTED, /* the row `seq` is among sealed ones and was not sealed */
    AUDIT_SEAL,     /* the seal up to `seq` was changed, or one before it is missing */
    AUDIT_SEAL_END, /* the last seals, those up to `seq`, are missing */
};

/* What a check of the whole log found first, in order of seq. */
struct audit_report {
    enum audit_finding finding;
    int64_t seq;
    int64_t sealed;                   /* rows in the seals that hold */
    int64_t unsealed;                 /* rows behind the last seal; only when intact */
    char hash[AUDIT_HASH_LENGTH + 1]; /* of the last seal that holds; "" for none */
};

/* audit_seal_verify: computes every seal anew. 0 whatever it finds; errors of db_read. */
int audit_seal_verify(struct db *db, struct audit_report *ret_report);

#endif
