/*
 * link.h: one connection to a broker that speaks AMQP 0-9-1, as RabbitMQ does.
 *
 *   relay's thread      queue_link_publish ..., queue_link_next until queue_link_confirmed
 *   consumer's thread   queue_link_consume, then queue_link_next and queue_link_settle
 *
 * A link belongs to one thread, which may block in it; another one may only break it. Publishing
 * and consuming want a link each: a broker that is short of memory stops reading from those who
 * publish.
 *
 * Errors are ERROR_UNAVAILABLE unless said otherwise: then the connection is closed and
 * queue_link_reason has the words. queue_link_connect opens it anew; nothing is remembered.
 */
#ifndef ERRAND_QUEUE_LINK_H
#define ERRAND_QUEUE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "queue/address.h"

struct queue_link;

/* queue_link_create: not connected yet. `purpose` is what the broker shows of it. The address is
 * borrowed. */
struct queue_link *queue_link_create(const struct queue_address *address, const char *purpose);

/* queue_link_free: says goodbye where it is connected. Takes NULL. */
void queue_link_free(struct queue_link *link);

/* queue_link_connect: closes what is open first. Takes seconds where nobody answers. */
int queue_link_connect(struct queue_link *link);
bool queue_link_is_open(const struct queue_link *link);

/* queue_link_close: as if it had failed for that reason. */
void queue_link_close(struct queue_link *link, const char *reason);

/* queue_link_break: makes whatever the link's thread waits for fail soon. Any thread. */
void queue_link_break(struct queue_link *link);

/* queue_link_reason: why the last error came. */
const char *queue_link_reason(const struct queue_link *link);

/* What there is to be at the broker. */
enum queue_exchange_type { QUEUE_DIRECT, QUEUE_FANOUT };
int queue_link_declare_exchange(struct queue_link *link, const char *name,
                                enum queue_exchange_type type);

struct queue_declaration {
    const char *name;
    const char *exchange;     /* that it is bound to, by `key` */
    const char *key;          /* "" for a fanout */
    const char *dead_letters; /* the exchange that takes what is rejected; NULL: it is gone */
    int delivery_limit;       /* deliveries in vain until a message is rejected; 0: no limit */
    int length_limit;         /* messages; the oldest are dropped; 0: no limit */
};

/* queue_link_declare: makes a durable quorum queue, unless it is there, and binds it. A queue that
 * is there is taken as it is. 1 when it was there, 0 when not. */
int queue_link_declare(struct queue_link *link, const struct queue_declaration *declaration);

/* queue_link_count: how many messages of the queue wait for a consumer. ERROR_NOT_FOUND when there
 * is no such queue. */
int queue_link_count(struct queue_link *link, const char *name, int64_t *ret_count);

/* A message on its way to the broker. */
struct queue_message {
    const char *exchange;
    struct text key;
    struct text id;
    struct text type;
    struct text body; /* JSON */
};

/* queue_link_publish: sends it, to be kept on disk. It may still be lost until the broker has
 * confirmed it, which queue_link_next hears. An error leaves open which have arrived; so does a
 * message that no queue took, which makes the next call fail. ERROR_BUSY, and nothing is sent, when
 * QUEUE_LINK_WINDOW messages are not confirmed. */
enum { QUEUE_LINK_WINDOW = 2048 };
int queue_link_publish(struct queue_link *link, const struct queue_message *message);

/* queue_link_published, queue_link_confirmed: how many messages were sent on this connection, and
 * how many of these, from the first one without a gap, the broker has confirmed. */
uint64_t queue_link_published(const struct queue_link *link);
uint64_t queue_link_confirmed(const struct queue_link *link);

/* queue_link_consume: asks for the messages of a queue, at most `prefetch` that are not settled. */
int queue_link_consume(struct queue_link *link, const char *queue, unsigned prefetch);

/* A message from the broker. */
struct queue_delivery {
    uint64_t tag;      /* for queue_link_settle; of this connection alone */
    struct text queue; /* where it comes from */
    struct text body;
};

/* queue_link_next: waits until there is a message (1), the broker has said something else, `wake`
 * (a descriptor) can be read or `timeout` microseconds have passed (0), or an error. Texts live in
 * the arena. To be called now and then on every link, for the heartbeat. */
int queue_link_next(struct queue_link *link, int wake, int64_t timeout, struct arena *arena,
                    struct queue_delivery *ret_delivery);

/* queue_link_settle: the broker may forget the message; a rejected one goes to the dead letters. */
int queue_link_settle(struct queue_link *link, uint64_t tag, bool rejected);

#endif
