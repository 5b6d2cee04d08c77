/*
 * listener.h: the listeners of one loop, and what they have in common. Only live*.c use it.
 */
#ifndef ERRAND_API_LISTENER_H
#define ERRAND_API_LISTENER_H

#include <pthread.h>

#include "api/live.h"
#include "domain/feed.h"
#include "http/channel.h"
#include "runtime/loop.h"

enum { LISTENER_BUCKETS = 1024 };

enum listener_state {
    LISTENER_OPENING, /* not a channel yet: hears nothing but that its account changed */
    LISTENER_REPLAYING,
    LISTENER_LIVE,
    LISTENER_LOST,
};

struct listener {
    struct channel_owner owner;
    struct live_loop *loop;
    struct listener *previous; /* in the list of the loop */
    struct listener *next;
    struct listener *previous_of_group;
    struct listener *next_of_group;
    struct listener *next_replay;
    struct channel *channel; /* NULL while OPENING */
    enum listener_state state;
    enum channel_kind kind;
    bool is_admin;
    bool is_void;       /* its account changed while it was OPENING: to be closed */
    bool awaits_replay; /* is in the list for it */
    bool must_resync;   /* what it has missed is too much, or is not known */
    int64_t user_id;
    int64_t generation; /* of its token */
    int64_t expires_at; /* clock_now() */
    int64_t seq;        /* it has heard, or has no need of, what is up to here */
};

struct live_counters {
    _Atomic uint64_t listeners[CHANNEL_KINDS];
    _Atomic uint64_t messages[CHANNEL_KINDS]; /* sent */
    _Atomic uint64_t dropped;                 /* messages that a slow listener did not get */
    _Atomic uint64_t resyncs;
    _Atomic uint64_t changes; /* that were handed out, and how old they were in all */
    _Atomic uint64_t age;     /* microseconds */
};

/* One loop. What stands before `posted` is the loop's thread's own. */
struct live_loop {
    struct live *live;
    struct loop *loop;
    struct loop_timer sweep;
    struct listener *first;
    struct listener *admins;
    struct listener *users[LISTENER_BUCKETS]; /* the others, by the hash of the user's id */
    struct listener *first_replay;            /* those that the fiber is to serve */
    struct listener *last_replay;
    struct listener *served; /* by the fiber just now; NULL once it is gone */
    bool is_replaying;       /* there is a fiber */
    bool is_draining;
    uint64_t count;
    int64_t position; /* all rows up to here were handed out */
    int64_t beat_at;  /* clock_monotonic() of the next sign of life */
    struct live_counters counters;
    /* Under live->mutex. */
    struct loop_post post;
    bool posted;
    bool is_subscribed;
    struct live_delivery *deliveries; /* oldest first */
    struct live_delivery **last_delivery;
};

struct live_delivery {
    struct live_delivery *next;
    struct feed_batch *batch;
};

/* How many listen as a user, on all loops; only those who do. */
struct live_user {
    struct live_user *next;
    int64_t user_id;
    uint64_t count;
};

struct live {
    struct services *services;
    struct feed *feed;
    pthread_mutex_t mutex;
    int64_t position; /* of the last batch */
    uint64_t count;   /* listeners of all loops */
    struct live_user *users[LISTENER_BUCKETS];
    unsigned loop_count;
    struct live_loop loops[];
};

/* listener_create: one more of the loop, OPENING. ERROR_BUSY when there are too many of all or of
 * the user. listener_free: the opposite; its channel is closed, or gone, by then. */
int listener_create(struct live_loop *loop, const struct identity *identity, enum channel_kind kind,
                    struct listener **ret_listener);
void listener_free(struct listener *listener);

/* listener_set_admin: what the user is from now on. */
void listener_set_admin(struct listener *listener, bool is_admin);

/* listener_bucket: where those who listen as the user are, among others. */
struct listener **listener_bucket(struct live_loop *loop, int64_t user_id);

/* listener_hears: whether it may hear the event; `*ret_farewell` when that is all it hears. */
bool listener_hears(const struct listener *listener, const struct feed_event *event,
                    bool *ret_farewell);

/* A message on its way to several listeners: its bytes are made when first needed. */
struct live_message {
    int64_t seq;
    struct text text;
    struct block *blocks[CHANNEL_KINDS];
};
void live_message_release(struct live_message *message);

/* listener_send: sends it, or finds that the listener is too slow. */
void listener_send(struct listener *listener, struct live_message *message);

/* listener_end: closes the channel and frees the listener; one that is OPENING is ended later. */
void listener_end(struct listener *listener, enum channel_code code, struct text reason);

/* listener_start: the channel is there: replays, or is live. */
void listener_start(struct listener *listener);

/* listener_resync: tells it to read everything anew; it is LIVE then. */
void listener_resync(struct listener *listener);

/* live_replay: sends what the listener has missed, a part at a time, by a fiber. */
void live_replay(struct listener *listener);

/* live_count: adds to a counter of the loop's own thread. */
void live_count(_Atomic uint64_t *counter, uint64_t amount);

#endif
