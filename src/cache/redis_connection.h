/*
 * redis_connection.h: one loop's connection to Redis. Only redis*.c include it.
 *
 *          first command          greeting answered
 *   NEW ──────────────> GREETING ──────────────────> READY
 *                        ^    │ refused, late          │ error, late answer, hung up
 *            time to try │    v                        │
 *                        └── DOWN <────────────────────┘
 *
 * The greeting is AUTH and SELECT where the URL asks for them, and a SET as a probe: it is answered
 * well only by a Redis that also lets us write. While the first greeting is on its way commands
 * wait behind it; in DOWN, and in the greetings after it, nobody does.
 *
 * Every function is for the loop's own thread.
 */
#ifndef ERRAND_CACHE_REDIS_CONNECTION_H
#define ERRAND_CACHE_REDIS_CONNECTION_H

#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdatomic.h>

#include "cache/redis.h"
#include "cache/redis_url.h"
#include "runtime/loop.h"

enum { REDIS_ADDRESS_SIZE = 64, REDIS_REASON_SIZE = 160 };

enum redis_state { REDIS_NEW, REDIS_GREETING, REDIS_READY, REDIS_DOWN };

/* What became of commands. */
enum redis_outcome { REDIS_ANSWERED, REDIS_LATE, REDIS_FAILED, REDIS_SKIPPED, REDIS_OUTCOMES };

struct redis_call;

struct redis_connection {
    struct redis *owner;
    struct loop *loop; /* NULL until the loop first needs it */
    enum redis_state state;
    bool was_down;
    redisContext *context; /* NULL: not open */
    struct loop_watch watch;
    uint32_t watched; /* events */
    bool unsent;
    struct loop_hook hook;
    struct loop_timer timer; /* for the first answer, or the next attempt */
    struct redis_call *first;
    struct redis_call *last;
    unsigned failures; /* in a row */
    int64_t ready_at;

    _Atomic uint64_t outcomes[REDIS_OUTCOMES];
    _Atomic uint64_t microseconds; /* that the answered took */
};

struct redis {
    struct redis_url url;
    struct arena arena;
    int64_t timeout;
    struct text prefix;               /* of every key */
    pthread_mutex_t mutex;            /* of the next four */
    char address[REDIS_ADDRESS_SIZE]; /* of url.host; empty while that is not known */
    unsigned down;                    /* connections that failed and are not back */
    bool reported;                    /* the log has it */
    char reason[REDIS_REASON_SIZE];
    unsigned loops;
    struct redis_connection connections[];
};

void redis_connection_init(struct redis_connection *connection, struct redis *owner);
void redis_connection_release(struct redis_connection *connection);

/* redis_connection_run: see redis_command. In a fiber. */
int redis_connection_run(struct redis_connection *connection, struct arena *arena,
                         struct redis_words words, struct redis_answer *ret_answer);

/* redis_connection_send: see redis_send. */
void redis_connection_send(struct redis_connection *connection, struct redis_words words);

/* redis_resolve: looks the host up; the address stays as it was when that fails. Blocks. */
void redis_resolve(struct redis *redis);

/* redis_note_down, redis_note_up: a connection of the owner failed, or is back. Any thread. */
void redis_note_down(struct redis *redis, const char *reason);
void redis_note_up(struct redis *redis);

/* redis_find_address: a copy of the owner's address; false while there is none. Any thread. */
bool redis_find_address(struct redis *redis, char address[static REDIS_ADDRESS_SIZE]);

#endif
