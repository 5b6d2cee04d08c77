#include "cache/redis_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "runtime/fiber.h"
#include "runtime/wait.h"

#define PROBE_TIMEOUT CLOCK_SECOND /* of a greeting that nobody waits for */
#define BACKOFF_FIRST (100 * CLOCK_MILLISECOND)
#define BACKOFF_LAST (2 * CLOCK_SECOND)
#define WELL_FOR (10 * CLOCK_SECOND) /* in READY: the next failure counts as the first */

enum { BACKOFF_DOUBLED = 5 };

enum call_kind {
    CALL_WAITED,   /* on the stack of the fiber that waits */
    CALL_SENT,     /* allocated: nobody waits */
    CALL_GREETING, /* likewise; an error is the end of the connection */
    CALL_PROBE,    /* the last of the greeting */
};

struct redis_call {
    struct redis_call *next;
    enum call_kind kind;
    struct fiber *fiber;
    struct arena *arena;
    struct redis_answer *answer;
    int64_t sent_at;
    int64_t deadline;
};

/* Those of a greeting are not counted. */
static bool is_command(const struct redis_call *call)
{
    return call->kind == CALL_WAITED || call->kind == CALL_SENT;
}

/* Only the loop's thread counts, so that a plain load and store do. */
static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

static void count(struct redis_connection *connection, enum redis_outcome outcome)
{
    add(&connection->outcomes[outcome], 1);
}

/* Watching. */

/* The kernel refuses a watch when it is out of memory: then answers are late. */
static void watch(struct redis_connection *connection, uint32_t events)
{
    if (connection->watched == events)
        return;
    if (connection->watched != 0)
        loop_watch_stop(connection->loop, &connection->watch);
    if (events != 0)
        loop_watch_start(connection->loop, &connection->watch, events);
    connection->watched = events;
}

static void push(struct redis_connection *connection, struct redis_call *call)
{
    call->next = NULL;
    if (connection->first == NULL)
        connection->first = call;
    else
        connection->last->next = call;
    connection->last = call;
    if (connection->timer.position == 0)
        loop_timer_start(connection->loop, &connection->timer, call->deadline);
}

static struct redis_call *pop(struct redis_connection *connection)
{
    struct redis_call *call = connection->first;
    connection->first = call->next;
    return call;
}

/* Failing. */

/* The call is gone afterwards. */
static void end_call(struct redis_call *call, int result)
{
    if (call->kind == CALL_WAITED)
        fiber_wake(call->fiber, result);
    else
        free(call);
}

static int64_t backoff(struct redis_connection *connection)
{
    unsigned doubled =
        connection->failures < BACKOFF_DOUBLED ? connection->failures : BACKOFF_DOUBLED;
    int64_t pause = BACKOFF_FIRST << doubled;
    if (pause > BACKOFF_LAST)
        pause = BACKOFF_LAST;
    return pause / 2 + (int64_t)(random_integer() % (uint64_t)(pause / 2));
}

static void close_context(struct redis_connection *connection)
{
    if (connection->context == NULL)
        return;
    watch(connection, 0);
    redisFree(connection->context);
    connection->context = NULL;
    connection->unsent = false;
}

/* Gives the connection up; everybody who waits for it goes on without. */
static void fail(struct redis_connection *connection, enum redis_outcome outcome,
                 const char *reason)
{
    int64_t now = clock_monotonic();
    bool well = connection->state == REDIS_READY && now - connection->ready_at > WELL_FOR;
    int64_t pause = backoff(connection);
    connection->failures = well ? 1 : connection->failures + 1;
    connection->state = REDIS_DOWN;
    if (!connection->was_down)
        redis_note_down(connection->owner, reason);
    connection->was_down = true;
    close_context(connection);
    while (connection->first != NULL) {
        struct redis_call *call = pop(connection);
        if (is_command(call))
            count(connection, outcome);
        end_call(call, ERROR_UNAVAILABLE);
    }
    loop_timer_start(connection->loop, &connection->timer, now + pause);
}

/* Sending. */

static int append(struct redis_connection *connection, struct redis_words words)
{
    const char *items[REDIS_WORDS_LIMIT];
    size_t lengths[REDIS_WORDS_LIMIT];
    for (size_t i = 0; i < words.count; i++) {
        items[i] = words.items[i].data;
        lengths[i] = words.items[i].length;
    }
    connection->unsent = true;
    return redisAppendCommandArgv(connection->context, (int)words.count, items, lengths) == REDIS_OK
               ? 0
               : ERROR_UNAVAILABLE;
}

static void flush(struct redis_connection *connection)
{
    int done = 1;
    if (redisBufferWrite(connection->context, &done) != REDIS_OK) {
        fail(connection, REDIS_FAILED, connection->context->errstr);
        return;
    }
    connection->unsent = done == 0;
    watch(connection, done == 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static int64_t flush_turn(struct loop_hook *hook)
{
    struct redis_connection *connection = CONTAINER_OF(hook, struct redis_connection, hook);
    if (connection->unsent && (connection->watched & EPOLLOUT) == 0)
        flush(connection);
    return LOOP_FOREVER;
}

static void send_for_nobody(struct redis_connection *connection, enum call_kind kind,
                            int64_t timeout, struct redis_words words)
{
    int64_t now = clock_monotonic();
    struct redis_call *call = memory_allocate(sizeof *call);
    *call = (struct redis_call){.kind = kind, .sent_at = now, .deadline = now + timeout};
    if (append(connection, words) < 0) {
        free(call);
        return;
    }
    push(connection, call);
}

/* Receiving. */

static void read_answer(struct arena *arena, const redisReply *reply, struct redis_answer *answer)
{
    *answer = (struct redis_answer){.kind = REDIS_NOTHING};
    if (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS) {
        answer->kind = REDIS_TEXT;
        answer->text = arena_copy(arena, (struct text){reply->str, reply->len});
    } else if (reply->type == REDIS_REPLY_INTEGER) {
        answer->kind = REDIS_INTEGERS;
        answer->integers[answer->count++] = reply->integer;
    } else if (reply->type == REDIS_REPLY_ARRAY) {
        answer->kind = REDIS_INTEGERS;
        for (size_t i = 0; i < reply->elements && answer->count < REDIS_INTEGERS_LIMIT; i++)
            answer->integers[answer->count++] = reply->element[i]->integer;
    }
}

static void become_ready(struct redis_connection *connection)
{
    connection->state = REDIS_READY;
    connection->ready_at = clock_monotonic();
    if (connection->was_down)
        redis_note_up(connection->owner);
    connection->was_down = false;
}

static bool is_unknown_script(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR && reply->len >= 8 &&
           memcmp(reply->str, "NOSCRIPT", 8) == 0;
}

/* Hands an answer to whom it is for. */
static void take_answer(struct redis_connection *connection, const redisReply *reply)
{
    if (connection->first == NULL) {
        fail(connection, REDIS_FAILED, "Redis answers what nobody asked");
        return;
    }
    bool unknown_script = is_unknown_script(reply);
    if (reply->type == REDIS_REPLY_ERROR && !unknown_script) {
        fail(connection, REDIS_FAILED, reply->str);
        return;
    }
    struct redis_call *call = pop(connection);
    if (call->kind == CALL_PROBE)
        become_ready(connection);
    if (call->kind == CALL_WAITED && !unknown_script)
        read_answer(call->arena, reply, call->answer);
    if (is_command(call)) {
        count(connection, REDIS_ANSWERED);
        add(&connection->microseconds, (uint64_t)(clock_monotonic() - call->sent_at));
    }
    end_call(call, unknown_script ? ERROR_NOT_FOUND : 0);
}

static void receive(struct redis_connection *connection)
{
    redisContext *context = connection->context;
    if (redisBufferRead(context) != REDIS_OK) {
        fail(connection, REDIS_FAILED, context->errstr);
        return;
    }
    void *reply = NULL;
    while (connection->context == context) {
        if (redisGetReplyFromReader(context, &reply) != REDIS_OK) {
            fail(connection, REDIS_FAILED, context->errstr);
            return;
        }
        if (reply == NULL)
            return;
        take_answer(connection, reply);
        freeReplyObject(reply);
        reply = NULL;
    }
}

static void ready(struct loop_watch *loop_watch, uint32_t events)
{
    struct redis_connection *connection = CONTAINER_OF(loop_watch, struct redis_connection, watch);
    if ((events & EPOLLOUT) != 0)
        flush(connection);
    if (connection->context != NULL && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        receive(connection);
}

/* Connecting. */

static void greet(struct redis_connection *connection, int64_t timeout)
{
    struct redis *redis = connection->owner;
    struct arena arena;
    arena_init(&arena);
    if (redis->url.user.data != NULL)
        send_for_nobody(connection, CALL_GREETING, timeout,
                        REDIS_WORDS(TEXT("AUTH"), redis->url.user, redis->url.password));
    else if (redis->url.password.data != NULL)
        send_for_nobody(connection, CALL_GREETING, timeout,
                        REDIS_WORDS(TEXT("AUTH"), redis->url.password));
    if (redis->url.database != 0)
        send_for_nobody(connection, CALL_GREETING, timeout,
                        REDIS_WORDS(TEXT("SELECT"),
                                    arena_format(&arena, "%jd", (intmax_t)redis->url.database)));
    send_for_nobody(connection, CALL_PROBE, timeout,
                    REDIS_WORDS(TEXT("SET"), redis_key(redis, &arena, TEXT("probe")), TEXT("1"),
                                TEXT("PX"), TEXT("1000")));
    arena_release(&arena);
}

static void connect_anew(struct redis_connection *connection, int64_t timeout)
{
    char address[REDIS_ADDRESS_SIZE];
    if (!redis_find_address(connection->owner, address)) {
        fail(connection, REDIS_FAILED, "the host is not known");
        return;
    }
    connection->context = redisConnectNonBlock(address, (int)connection->owner->url.port);
    if (connection->context == NULL)
        memory_exhausted(sizeof *connection->context);
    if (connection->context->err != 0) {
        fail(connection, REDIS_FAILED, connection->context->errstr);
        return;
    }
    connection->state = REDIS_GREETING;
    connection->watch = (struct loop_watch){connection->context->fd, ready};
    watch(connection, EPOLLIN | EPOLLOUT);
    greet(connection, timeout);
}

/* An answer is late, or it is time for the next attempt. */
static void expire(struct loop_timer *timer)
{
    struct redis_connection *connection = CONTAINER_OF(timer, struct redis_connection, timer);
    if (connection->state == REDIS_DOWN) {
        connect_anew(connection, PROBE_TIMEOUT);
        return;
    }
    if (connection->first == NULL)
        return;
    if (clock_monotonic() < connection->first->deadline)
        loop_timer_start(connection->loop, timer, connection->first->deadline);
    else
        fail(connection, REDIS_LATE, "it does not answer in time");
}

/* Whether commands may be sent. The first one of a loop opens its connection. */
static bool is_open(struct redis_connection *connection)
{
    if (connection->state == REDIS_NEW) {
        connection->loop = loop_current();
        loop_hook_add(connection->loop, &connection->hook);
        connect_anew(connection, connection->owner->timeout);
    }
    return connection->state == REDIS_READY ||
           (connection->state == REDIS_GREETING && !connection->was_down);
}

void redis_connection_init(struct redis_connection *connection, struct redis *owner)
{
    connection->owner = owner;
    connection->hook.run = flush_turn;
    connection->timer.expired = expire;
}

/* The loop is gone. */
void redis_connection_release(struct redis_connection *connection)
{
    if (connection->context != NULL)
        redisFree(connection->context);
    while (connection->first != NULL)
        free(pop(connection));
}

int redis_connection_run(struct redis_connection *connection, struct arena *arena,
                         struct redis_words words, struct redis_answer *ret_answer)
{
    if (!is_open(connection)) {
        count(connection, REDIS_SKIPPED);
        return ERROR_UNAVAILABLE;
    }
    int64_t now = clock_monotonic();
    struct redis_call call = {
        .kind = CALL_WAITED,
        .fiber = fiber_current(),
        .arena = arena,
        .answer = ret_answer,
        .sent_at = now,
        .deadline = now + connection->owner->timeout,
    };
    if (append(connection, words) < 0)
        return ERROR_UNAVAILABLE;
    push(connection, &call);
    return wait_woken_firmly();
}

void redis_connection_send(struct redis_connection *connection, struct redis_words words)
{
    if (is_open(connection))
        send_for_nobody(connection, CALL_SENT, connection->owner->timeout, words);
}
