/*
 * job_message.h: what goes through the broker about jobs, as docs/jobs.md describes it.
 *
 *     {"id":"...","operation":"reverse","data":"abc","attempt":1,"fence":0}       a job
 *     {"id":"...","fence":0,"result":"cba"}                                       what came of it
 *     {"id":"...","fence":0,"error":"No such city","permanent":true}
 *
 * In what others send, members that are not named here are passed over, and so may be the fence.
 */
#ifndef ERRAND_DOMAIN_JOB_MESSAGE_H
#define ERRAND_DOMAIN_JOB_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct job_message {
    struct text id; /* of the form of one */
    struct text operation;
    struct text data;
    int64_t attempt; /* which one this is to be */
    int64_t fence;   /* of the job as it was published; FIELD_INTEGER_NULL where it is not said */
};

/* job_message_write: the message as JSON. */
struct text job_message_write(struct arena *arena, const struct job_message *message);

/* job_message_read: id, operation and fence of a job's message. ERROR_INVALID when it is none. */
int job_message_read(struct arena *arena, struct text body, struct job_message *ret_message);

struct job_answer {
    struct text id;
    int64_t fence;      /* as above */
    struct text result; /* either of these, the other is the null text */
    struct text error;
    bool permanent; /* it would fail another time too */
};

/* job_answer_read: ERROR_INVALID when it is none. */
int job_answer_read(struct arena *arena, struct text body, struct job_answer *ret_answer);

#endif
