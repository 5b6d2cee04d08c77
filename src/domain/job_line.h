/*
 * job_line.h: a thread that keeps a connection to the broker and works with it.
 *
 *     connect ─> prepare ─> up: work, work, work...
 *        ^                        │ an error of any of them
 *        └── wait, longer each ───┘ time up to JOB_LINE_DELAY_LIMIT, by chance up to half less
 *
 * The relay (job_relay.h) and the consumer (job_consumer.h) are one each. The broker
 * (job_broker.h) hears when a line is up and when it is not.
 */
#ifndef ERRAND_DOMAIN_JOB_LINE_H
#define ERRAND_DOMAIN_JOB_LINE_H

#include <stdbool.h>

#include "queue/link.h"

struct job_broker;
struct job_line;

#define JOB_LINE_DELAY_BASE INT64_C(200000)
#define JOB_LINE_DELAY_LIMIT INT64_C(5000000)

struct job_line_role {
    const char *thread;  /* at most 15 characters */
    const char *purpose; /* of the connection, as the broker shows it */
    /* Both in the line's thread; an error ends the connection. */
    int (*prepare)(void *owner, struct queue_link *link); /* a new connection is there */
    int (*work)(void *owner, struct queue_link *link);    /* returns soon once the line is woken */
    /* NULL for nothing: the connection is gone; it is still there, and the line ends. */
    void (*lose)(void *owner);
    void (*finish)(void *owner, struct queue_link *link);
};

/* job_line_start: ERROR_UNAVAILABLE when there is no thread. */
int job_line_start(struct job_line **ret_line, struct job_broker *broker,
                   const struct queue_address *address, const struct job_line_role *role,
                   void *owner);

/* job_line_stop: ends the thread, within seconds whatever the broker does. Takes NULL. */
void job_line_stop(struct job_line *line);

/* job_line_wake: there is work. Any thread. */
void job_line_wake(struct job_line *line);

/* job_line_wake_descriptor: can be read from then on until `work` is called the next time. */
int job_line_wake_descriptor(const struct job_line *line);

/* job_line_is_closing: whether `work` is to return. */
bool job_line_is_closing(const struct job_line *line);

#endif
