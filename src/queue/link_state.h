/*
 * link_state.h: the inside of a link. For the files of this folder.
 *
 * The channel of a link carries everything but questions that the broker answers by closing the
 * channel; those get one of their own.
 */
#ifndef ERRAND_QUEUE_LINK_STATE_H
#define ERRAND_QUEUE_LINK_STATE_H

#include <amqp.h>
#include <pthread.h>

#include "queue/link.h"

enum {
    CHANNEL = 1,
    CHANNEL_ASKED = 2,
};

struct queue_link {
    const struct queue_address *address;
    const char *purpose;
    amqp_connection_state_t state; /* NULL while it is closed */
    pthread_mutex_t mutex;         /* held while `descriptor` is used by others or changes */
    int descriptor;
    bool confirming;
    bool blocked;                  /* the broker is short of something, and takes no messages */
    uint64_t published;            /* the number of the last message */
    uint64_t confirmed;            /* that of the last one up to which the broker has all */
    bool ahead[QUEUE_LINK_WINDOW]; /* by number: the broker has this later one too */
    char reason[512];
};

/* queue_link_fail: closes the connection, for that reason; ERROR_UNAVAILABLE. The next two: with
 * the library's words, and with the broker's own. */
int queue_link_fail(struct queue_link *link, const char *reason);
int queue_link_fail_status(struct queue_link *link, int status);
int queue_link_fail_method(struct queue_link *link, const amqp_method_t *method);

/* queue_link_check: 0, or the failure that the answer to a request is. */
int queue_link_check(struct queue_link *link, amqp_rpc_reply_t reply);

/* queue_link_check_last: the same for the last request. */
int queue_link_check_last(struct queue_link *link);

#endif
