/*
 * wake.h: telling others that there is something new to look at.
 *
 * News have a topic and, for some, a detail. wake_publish tells the listeners of this process at
 * once and, where there is a carrier (carrier.h), those of all other processes over the same
 * database within milliseconds:
 *
 *      publish ──> listeners here
 *         └──> what is to be told ──carrier──> the others: hear ──> their listeners
 *
 * News may be lost, come late, and come for nothing. Whoever listens looks at the database to see
 * what is new, and looks there now and then all the same.
 *
 * Every function may be called from any thread.
 */
#ifndef ERRAND_RUNTIME_WAKE_H
#define ERRAND_RUNTIME_WAKE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/text.h"

/* To add one: a value here and its name in wake.c. */
enum wake_topic {
    WAKE_EVENTS, /* the log of changes has grown */
    WAKE_JOBS,   /* a job was queued */
    WAKE_ENDED,  /* a job is over; the detail is its id */
    WAKE_TOPICS
};

enum { WAKE_MESSAGE_LIMIT = 7000 }; /* bytes; PostgreSQL takes 8,000 */

struct wake;

/* Somebody who wants to hear of a topic; borrowed until wake_free. `hear` is called in any thread,
 * must not wait, and must not publish. A null detail on a topic that has details says that there
 * were too many to name, or that some may have been missed. */
struct wake_listener {
    struct wake_listener *next;
    void (*hear)(struct wake_listener *listener, struct text detail);
};

struct wake *wake_create(void);
void wake_free(struct wake *wake);

void wake_subscribe(struct wake *wake, enum wake_topic topic, struct wake_listener *listener);

/* wake_publish: tells everybody. `detail` has neither spaces nor `|`; null for none. */
void wake_publish(struct wake *wake, enum wake_topic topic, struct text detail);

/* wake_tell: tells the other processes alone. */
void wake_tell(struct wake *wake, enum wake_topic topic, struct text detail);

/* wake_is_carried: whether others are told, and heard, at the moment. */
bool wake_is_carried(const struct wake *wake);

/* wake_write_metrics: in the Prometheus text format. */
void wake_write_metrics(struct wake *wake, struct buffer *out);

/* For the carrier. */

/* wake_set_carried: whether what is to be told has somebody who carries it. When that begins there
 * is news of everything, here and there, since some may have been missed. */
void wake_set_carried(struct wake *wake, bool carried);

/* wake_descriptor: readable (an eventfd) while there is something to carry. */
int wake_descriptor(const struct wake *wake);

/* wake_take: what is to be told, as one message of at most WAKE_MESSAGE_LIMIT bytes; only the
 * sender's name when there is nothing. */
void wake_take(struct wake *wake, struct buffer *message);

/* wake_hear: a message that has arrived. Those of this process are passed over. */
void wake_hear(struct wake *wake, struct text message);

#endif
