/*
 * redis.h: what several servers share for a while: a Redis.
 *
 * Each loop has one connection, opened when the loop first needs it. A fiber that sends a command
 * parks until the answer is there, and what the fibers of a loop send in one turn goes out in one
 * piece:
 *
 *      fiber ──command──> [ GET a | EVALSHA ... | SET b ] ──once a turn──> Redis
 *        ^ woken           the calls, first come first  <────answers────────┘
 *
 * Redis is never waited for longer than the time limit of the options. An answer that is late, an
 * error and a broken connection all mean the same: the connection is given up, everybody who waits
 * hears ERROR_UNAVAILABLE, and from then on whoever asks hears so at once, until a probe has been
 * answered. So nothing may be kept in Redis that cannot be done without. The log hears of it when
 * the first connection goes and when all are back.
 *
 * Threads without a loop hear ERROR_UNAVAILABLE: they do without.
 */
#ifndef ERRAND_CACHE_REDIS_H
#define ERRAND_CACHE_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"

struct carrier_line;
struct redis;

struct redis_options {
    const char *url;   /* redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] */
    unsigned loops;    /* that will ask */
    int64_t timeout;   /* microseconds that an answer may take */
    struct text owner; /* what tells the data of this installation from that of others */
};

/* redis_create: looks the host up, but connects to nobody yet. ERROR_INVALID with a message for the
 * user when the URL is no URL of Redis. A host that is not known is tried again later. */
int redis_create(struct redis **ret_redis, const struct redis_options *options,
                 struct text *ret_message);

/* redis_free: closes the connections. Takes NULL. No loop may run. */
void redis_free(struct redis *redis);

/* redis_key: `name` as a key of this installation. */
struct text redis_key(const struct redis *redis, struct arena *arena, struct text name);

/* A command is its words: redis_command(redis, arena, REDIS_WORDS(TEXT("GET"), key), &answer) */
struct redis_words {
    const struct text *items;
    size_t count;
};
#define REDIS_WORDS(...)                                                                           \
    ((struct redis_words){(const struct text[]){__VA_ARGS__},                                      \
                          sizeof((const struct text[]){__VA_ARGS__}) / sizeof(struct text)})

enum { REDIS_WORDS_LIMIT = 16, REDIS_INTEGERS_LIMIT = 4 };

/* What our commands answer. */
enum redis_kind { REDIS_NOTHING, REDIS_TEXT, REDIS_INTEGERS };

struct redis_answer {
    enum redis_kind kind;
    struct text text;
    int64_t integers[REDIS_INTEGERS_LIMIT];
    size_t count; /* of the integers */
};

/* redis_command: sends a command and waits for its answer, whose text is in `arena`. A cancellation
 * of the fiber does not end the wait. ERROR_UNAVAILABLE; ERROR_NOT_FOUND when Redis does not know
 * the script of an EVALSHA. */
int redis_command(struct redis *redis, struct arena *arena, struct redis_words words,
                  struct redis_answer *ret_answer);

/* redis_send: sends a command whose answer does not matter, if there is anybody to send it to. */
void redis_send(struct redis *redis, struct redis_words words);

/* redis_line_create: what carrier_start wants: news by PUBLISH. `redis` is borrowed. */
struct carrier_line *redis_line_create(struct redis *redis);

/* redis_is_up: whether Redis is in use, or else why not, at most `size` bytes with the NUL. Any
 * thread. */
bool redis_is_up(struct redis *redis, char *reason, size_t size);

/* redis_write_metrics: in the Prometheus text format. Any thread. */
void redis_write_metrics(struct redis *redis, struct buffer *out);

#endif
