/*
 * s3_call.h: one request to a bucket, signed, tried again where that may help, and its answer.
 *
 *   S3_CALL_CLEANUP struct s3_call call;
 *   s3_call_begin(&call, bucket, "DELETE", "remove a file");
 *   s3_call_object(&call, name);
 *   int error = s3_call_send(&call);
 *   return error < 0 ? error : s3_call_is_success(&call) ? 0 : s3_call_fail(&call, NULL);
 *
 * What fails for a reason that may pass (no connection, 5xx, 429) is tried again twice, a moment
 * later; what is slow is not. It blocks: for threads of a pool.
 */
#ifndef ERRAND_BLOB_S3_CALL_H
#define ERRAND_BLOB_S3_CALL_H

#include "net/net.h"

/* Where objects are. */
struct s3_bucket {
    struct net *net;
    const char *folder; /* of files that are sent and received; for the log */
    struct text url;    /* without a slash at its end */
    struct net_signature signature;
    int64_t timeout; /* microseconds; a call with a large body has longer */
};

struct s3_call {
    const struct s3_bucket *bucket;
    const char *what; /* for the log: "cannot WHAT" */
    unsigned attempts;
    struct arena arena;
    struct net_header headers[2];
    struct net_request request;
    struct net_answer answer;
};

/* s3_call_begin: of the bucket itself, without a body. */
void s3_call_begin(struct s3_call *call, const struct s3_bucket *bucket, const char *method,
                   const char *what);

/* s3_call_end: the answer goes with it. */
void s3_call_end(struct s3_call *call);
#define S3_CALL_CLEANUP __attribute__((cleanup(s3_call_end)))

/* s3_call_object: of an object of the bucket. */
void s3_call_object(struct s3_call *call, const char *name);

/* s3_call_file: sends `size` bytes of a file, from its offset, whose SHA-256 is known. */
void s3_call_file(struct s3_call *call, int descriptor, uint64_t size, const char *sha256);

/* s3_call_range: asks for a part of an object, which is written to an empty file. */
void s3_call_range(struct s3_call *call, uint64_t offset, uint64_t length, int sink);

/* s3_call_send: 0 for an answer of a status below 500. ERROR_UNAVAILABLE or ERROR_IO, logged. */
int s3_call_send(struct s3_call *call);

bool s3_call_is_success(const struct s3_call *call);

/* s3_call_is_missing: 404 for the object. One without a word of the bucket, as HEAD gets it, is
 * taken for that. */
bool s3_call_is_missing(const struct s3_call *call);

/* s3_call_fail: logs the reason, or with NULL what the answer says and which option has to do with
 * it; returns ERROR_UNAVAILABLE. */
int s3_call_fail(const struct s3_call *call, const char *reason);

#endif
