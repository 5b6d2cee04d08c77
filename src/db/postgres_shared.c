/*
 * postgres_shared.c: single reads of many fibers over one connection.
 *
 *   fibers      run a, park   run b, park   run c, park                        a, b, c go on
 *   end of turn                                        flush: a b c in one piece ──> ... ──┘
 *
 * Statements of one turn of the loop go out together with one sync behind them, and answers come in
 * their order (libpq's pipeline mode), so neither side is woken for each of them, and the server
 * begins, ends and answers one transaction for all. Each statement sees what is committed when it
 * begins, as it would alone (READ COMMITTED). While two such groups are under way those that come
 * wait and make up the next, so the busier it is, the larger they are.
 *
 * One that fails takes those behind it with it, up to the sync, and a connection that breaks all
 * that wait: their reads are done again over the pool, which also says what is wrong. While there
 * is no connection the pool serves; the first to notice opens another one.
 */
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/container.h"
#include "base/error.h"
#include "base/memory.h"
#include "db/postgres.h"
#include "runtime/fiber.h"

enum {
    MESSAGE_SIZE = 512,
    GROUPS = 2, /* under way at most: one that the server works at, and the next */
};
#define OPENING_PAUSE CLOCK_SECOND /* after an attempt that failed */

/* A statement that was sent; on the stack of the fiber that waits. */
struct shared_call {
    struct shared_call *next;
    struct fiber *fiber;
    struct text sql;
    struct postgres_statement *preparing; /* NULL when it was prepared before */
    int results;                          /* that are still to come */
    int64_t deadline;
    PGresult *result;
    enum postgres_state state;
    int error;
};

struct postgres_shared {
    struct postgres_connection connection;
    struct loop *loop; /* NULL until first used */
    struct loop_hook hook;
    struct loop_watch watch;
    struct loop_timer timer; /* for the deadline of the first call */
    uint32_t watched;
    bool opening;
    bool unsynced;  /* there are statements without the sync behind them */
    unsigned syncs; /* that the server has not answered */
    bool answered;  /* a result has come, but not its end */
    int64_t closed_until;
    struct shared_call *first;
    struct shared_call *last;
};

/* A read under way. */
struct single_read {
    struct postgres_seat seat;
    enum postgres_state state;
    int error;
};

static void watch(struct postgres_shared *shared, uint32_t events)
{
    if (shared->watched == events)
        return;
    if (shared->watched != 0)
        loop_watch_stop(shared->loop, &shared->watch);
    /* The kernel refuses when it is out of memory: then the deadline ends the wait. */
    if (events != 0)
        loop_watch_start(shared->loop, &shared->watch, events);
    shared->watched = events;
}

static void push(struct postgres_shared *shared, struct shared_call *call)
{
    if (shared->first == NULL)
        shared->first = call;
    else
        shared->last->next = call;
    shared->last = call;
    if (shared->timer.position == 0)
        loop_timer_start(shared->loop, &shared->timer, call->deadline);
}

static void end_first(struct postgres_shared *shared)
{
    struct shared_call *call = shared->first;
    shared->first = call->next;
    fiber_wake(call->fiber, 0);
}

/* Closes the connection; whoever waits looks elsewhere. */
static void lose(struct postgres_shared *shared, const char *reason)
{
    postgres_lose(&shared->connection, ERROR_UNAVAILABLE, reason);
    watch(shared, 0);
    loop_timer_stop(shared->loop, &shared->timer);
    shared->unsynced = shared->answered = false;
    shared->syncs = 0;
    while (shared->first != NULL) {
        shared->first->state = POSTGRES_LOST;
        shared->first->error = ERROR_UNAVAILABLE;
        end_first(shared);
    }
    postgres_connection_close(&shared->connection);
}

static void flush(struct postgres_shared *shared)
{
    int left = PQflush(shared->connection.handle);
    if (left < 0) {
        lose(shared, PQerrorMessage(shared->connection.handle));
        return;
    }
    watch(shared, left > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static int64_t flush_turn(struct loop_hook *hook)
{
    struct postgres_shared *shared = CONTAINER_OF(hook, struct postgres_shared, hook);
    if (!shared->unsynced || shared->syncs == GROUPS)
        return LOOP_FOREVER;
    shared->unsynced = false;
    shared->syncs++;
    if (PQpipelineSync(shared->connection.handle) == 1)
        flush(shared);
    else
        lose(shared, PQerrorMessage(shared->connection.handle));
    return LOOP_FOREVER;
}

/* The statement of the first call failed, or was not run because one before it failed. */
static void fail_first(struct postgres_shared *shared, PGresult *result)
{
    struct shared_call *call = shared->first;
    struct postgres_connection *connection = &shared->connection;
    if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
        postgres_fail(connection, result, call->sql);
        call->state = connection->state;
        call->error = connection->error;
    } else {
        call->state = POSTGRES_REPEATED;
        call->error = ERROR_UNAVAILABLE;
    }
    if (call->preparing != NULL) /* those behind it count on what was not prepared */
        postgres_lose(connection, ERROR_UNAVAILABLE, NULL);
    else if (connection->state != POSTGRES_LOST)
        connection->state = POSTGRES_WELL;
}

/* What the server says of the first call. */
static void take_result(struct postgres_shared *shared, PGresult *result)
{
    struct shared_call *call = shared->first;
    ExecStatusType status = PQresultStatus(result);
    bool failed = status == PGRES_FATAL_ERROR || status == PGRES_PIPELINE_ABORTED;
    if (failed && call->state == POSTGRES_WELL)
        fail_first(shared, result);
    PQclear(call->result);
    call->result = result;
    shared->answered = true;
}

/* The end of a result; libpq may say it once more where nothing has been said since. */
static void take_end(struct postgres_shared *shared)
{
    if (!shared->answered || shared->first == NULL)
        return;
    shared->answered = false;
    if (--shared->first->results == 0)
        end_first(shared);
}

/* One result from those that have come: false when nothing is left of them. */
static bool take_one(struct postgres_shared *shared)
{
    PGresult *result = PQgetResult(shared->connection.handle);
    if (result == NULL)
        take_end(shared);
    else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        shared->syncs--;
    } else if (shared->first != NULL)
        take_result(shared, result);
    else { /* it hangs up */
        PQclear(result);
        return false;
    }
    return shared->connection.state != POSTGRES_LOST &&
           PQstatus(shared->connection.handle) == CONNECTION_OK;
}

static void receive(struct postgres_shared *shared)
{
    PGconn *handle = shared->connection.handle;
    if (PQconsumeInput(handle) != 1) {
        lose(shared, PQerrorMessage(handle));
        return;
    }
    while ((shared->first != NULL || shared->syncs > 0) && PQisBusy(handle) == 0)
        if (!take_one(shared)) {
            lose(shared, "a connection broke");
            return;
        }
}

static void ready(struct loop_watch *loop_watch, uint32_t events)
{
    struct postgres_shared *shared = CONTAINER_OF(loop_watch, struct postgres_shared, watch);
    if ((events & EPOLLOUT) != 0)
        flush(shared);
    if (shared->connection.handle != NULL && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        receive(shared);
}

static void expire(struct loop_timer *timer)
{
    struct postgres_shared *shared = CONTAINER_OF(timer, struct postgres_shared, timer);
    if (shared->first == NULL)
        return;
    if (clock_monotonic() < shared->first->deadline)
        loop_timer_start(shared->loop, timer, shared->first->deadline);
    else
        lose(shared, "the server does not answer");
}

/* While it is being opened the handle is another thread's. */
static bool is_open(const struct postgres_shared *shared)
{
    return !shared->opening && shared->connection.handle != NULL;
}

/* Opens the connection where nobody does so yet; the fiber waits for it. */
static void open_one(struct postgres_shared *shared)
{
    if (shared->opening || clock_monotonic() < shared->closed_until)
        return;
    if (shared->loop == NULL) {
        shared->loop = loop_current();
        loop_hook_add(shared->loop, &shared->hook);
    }
    char message[MESSAGE_SIZE];
    shared->opening = true;
    int error = postgres_connection_open(&shared->connection, message, sizeof message);
    shared->opening = false;
    if (error < 0) {
        shared->closed_until = clock_monotonic() + OPENING_PAUSE;
        return;
    }
    shared->connection.state = POSTGRES_WELL;
    shared->watch = (struct loop_watch){PQsocket(shared->connection.handle), ready};
    watch(shared, EPOLLIN);
}

struct postgres_shared *postgres_shared_create(struct postgres_pool *pool)
{
    struct postgres_shared *shared = memory_allocate(sizeof *shared);
    shared->connection.pool = pool;
    shared->hook.run = flush_turn;
    shared->timer.expired = expire;
    return shared;
}

void postgres_shared_free(struct postgres_shared *shared)
{
    if (shared == NULL)
        return;
    postgres_connection_close(&shared->connection);
    free(shared);
}

bool postgres_shared_read(struct postgres_shared *shared, db_fn *fn, void *argument,
                          int *ret_result)
{
    if (shared == NULL || fiber_current() == NULL)
        return false;
    if (!is_open(shared))
        open_one(shared);
    if (!is_open(shared))
        return false;
    struct single_read read = {
        .seat = {.base = {.engine = &postgres_engine}, .shared = shared},
        .state = POSTGRES_WELL,
    };
    int result = fn(&read.seat.base, argument);
    if (read.state == POSTGRES_LOST || read.state == POSTGRES_REPEATED)
        return false;
    *ret_result = read.state != POSTGRES_WELL && result >= 0 ? read.error : result;
    return true;
}

int postgres_shared_run(struct postgres_seat *seat, struct text sql, struct db_values values,
                        PGresult **ret_result)
{
    struct single_read *read = CONTAINER_OF(seat, struct single_read, seat);
    struct postgres_shared *shared = seat->shared;
    if (read->state != POSTGRES_WELL)
        return read->error;
    if (!is_open(shared)) {
        read->state = POSTGRES_LOST;
        return read->error = ERROR_UNAVAILABLE;
    }
    struct shared_call call = {
        .fiber = fiber_current(),
        .sql = sql,
        .deadline = clock_monotonic() + POSTGRES_PATIENCE,
        .state = POSTGRES_WELL,
    };
    struct postgres_statement *statement;
    call.results = postgres_connection_queue(&shared->connection, sql, values, &statement);
    if (call.results == ERROR_TOO_LARGE)
        return ERROR_TOO_LARGE;
    if (call.results < 0) {
        lose(shared, NULL);
        read->state = POSTGRES_LOST;
        return read->error = call.results;
    }
    call.preparing = statement->prepared ? NULL : statement;
    statement->prepared = true;
    shared->unsynced = true;
    push(shared, &call);
    wait_woken_firmly();
    if (call.state == POSTGRES_WELL && call.result != NULL) {
        *ret_result = call.result;
        return 0;
    }
    PQclear(call.result);
    read->state = call.state == POSTGRES_WELL ? POSTGRES_FAILED : call.state;
    return read->error = call.state == POSTGRES_WELL ? ERROR_INTERNAL : call.error;
}
