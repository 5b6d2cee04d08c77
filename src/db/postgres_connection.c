/*
 * postgres_connection.c: one connection, in libpq's pipeline mode.
 *
 * A statement goes out in one piece with whatever has to precede it, and costs one round trip:
 *
 *     [BEGIN] [DEALLOCATE the evicted one] [Parse] Bind Execute Sync  ──>
 *                                              <──  an answer to each, up to the sync
 *
 * The wait for the answers parks the fiber; it is bounded, and a cancelled fiber waits too. Values
 * go as text, but for texts, which go as bytes; integers are declared as bigint, the server infers
 * the other types. A result is read whole, so that queries may be nested. The end of a read
 * transaction is sent and not waited for: its answer is read before that of the next statement.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "db/postgres.h"
#include "runtime/fiber.h"

enum { TYPE_BIGINT = 20 };

#define SCRIPT_PATIENCE (60 * CLOCK_MINUTE) /* a migration rewrites what it must */

static void ignore_notice(void *argument, const PGresult *result)
{
    (void)argument;
    (void)result;
}

struct opening {
    struct postgres_connection *connection;
    char *message;
    size_t message_size;
    int result;
};

static void open_blocking(void *argument)
{
    struct opening *opening = argument;
    struct postgres_connection *connection = opening->connection;
    const struct postgres_settings *settings = &connection->pool->owner->settings;
    PGconn *handle = PQconnectdbParams(settings->keywords, settings->values, 0);
    if (PQstatus(handle) != CONNECTION_OK || PQsetnonblocking(handle, 1) != 0 ||
        PQenterPipelineMode(handle) != 1) {
        const char *words = PQerrorMessage(handle);
        snprintf(opening->message, opening->message_size, "%.*s", (int)strcspn(words, "\n"), words);
        PQfinish(handle);
        opening->result = ERROR_UNAVAILABLE;
        return;
    }
    PQsetNoticeReceiver(handle, ignore_notice, NULL);
    connection->handle = handle;
    opening->result = 0;
}

int postgres_connection_open(struct postgres_connection *connection, char *message,
                             size_t message_size)
{
    struct opening opening = {connection, message, message_size, 0};
    int error = 0;
    snprintf(message, message_size, "too many connections are being opened");
    if (fiber_current() == NULL)
        open_blocking(&opening);
    else
        error = offload_run(connection->pool->owner->connectors, open_blocking, &opening);
    return error < 0 ? error : opening.result;
}

void postgres_connection_close(struct postgres_connection *connection)
{
    PQfinish(connection->handle);
    postgres_statements_clear(connection);
    connection->handle = NULL;
    connection->unread = 0;
    connection->state = POSTGRES_WELL;
}

bool postgres_connection_is_alive(struct postgres_connection *connection)
{
    return PQconsumeInput(connection->handle) == 1 && PQstatus(connection->handle) == CONNECTION_OK;
}

/* Waiting. */

static int wait_for_result(struct postgres_connection *connection, int64_t deadline)
{
    PGconn *handle = connection->handle;
    int unsent = PQflush(handle);
    while (unsent >= 0 && (unsent > 0 || PQisBusy(handle))) {
        uint32_t events = unsent > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN;
        int ready = wait_fd_firmly(PQsocket(handle), events, deadline);
        if (ready < 0)
            return postgres_lose(connection, ERROR_UNAVAILABLE, "the server does not answer");
        if (PQconsumeInput(handle) != 1)
            return postgres_lose(connection, ERROR_UNAVAILABLE, PQerrorMessage(handle));
        unsent = PQflush(handle);
    }
    return unsent < 0 ? postgres_lose(connection, ERROR_UNAVAILABLE, PQerrorMessage(handle)) : 0;
}

/* The answers up to the next sync. The last result goes to `ret_result`; NULL: to nobody. */
static int collect(struct postgres_connection *connection, struct text sql, int64_t deadline,
                   PGresult **ret_result)
{
    PGresult *last = NULL;
    int error = 0;
    while ((error = wait_for_result(connection, deadline)) == 0) {
        PGresult *result = PQgetResult(connection->handle);
        if (result == NULL && PQstatus(connection->handle) != CONNECTION_OK)
            error = postgres_lose(connection, ERROR_UNAVAILABLE, "the connection is closed");
        if (error < 0)
            break;
        if (result == NULL)
            continue; /* the end of one answer */
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            break;
        }
        if (status == PGRES_FATAL_ERROR)
            postgres_fail(connection, result, sql);
        PQclear(last);
        last = result;
        if (connection->state == POSTGRES_LOST)
            break;
    }
    if (connection->state == POSTGRES_WELL && ret_result != NULL && last != NULL) {
        *ret_result = last;
        return 0;
    }
    PQclear(last);
    return connection->state == POSTGRES_WELL ? 0 : connection->error;
}

/* Sending. */

static void set_values(struct postgres_connection *connection, struct db_values values)
{
    for (size_t i = 0; i < values.count; i++) {
        const struct db_value *value = &values.values[i];
        connection->types[i] = value->type == DB_INTEGER ? TYPE_BIGINT : 0;
        connection->formats[i] = value->type == DB_TEXT;
        connection->lengths[i] = 0;
        connection->values[i] = NULL;
        if (value->type == DB_INTEGER) {
            snprintf(connection->digits[i], POSTGRES_DIGITS, "%" PRId64, value->integer);
            connection->values[i] = connection->digits[i];
        } else if (value->type == DB_TEXT) {
            connection->values[i] = value->text.data;
            connection->lengths[i] = (int)value->text.length;
        }
    }
}

static bool send_plain(struct postgres_connection *connection, const char *sql)
{
    return PQsendQueryParams(connection->handle, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

static bool send_evicted(struct postgres_connection *connection, uint64_t number)
{
    char sql[48];
    snprintf(sql, sizeof sql, "DEALLOCATE s%" PRIu64, number);
    return number == 0 || send_plain(connection, sql);
}

static bool send_begin(struct postgres_connection *connection)
{
    if (connection->begin.data == NULL)
        return true;
    bool sent = send_plain(connection, connection->begin.data);
    connection->begin = TEXT_NULL;
    connection->begun = true;
    return sent;
}

static bool send_statement(struct postgres_connection *connection,
                           const struct postgres_statement *statement, struct db_values values)
{
    char name[24];
    snprintf(name, sizeof name, "s%" PRIu64, statement->number);
    set_values(connection, values);
    int count = (int)values.count;
    if (!statement->prepared) {
        log_debug("prepared: %s", statement->sql);
        if (PQsendPrepare(connection->handle, name, statement->sql, count, connection->types) != 1)
            return false;
    }
    return PQsendQueryPrepared(connection->handle, name, count, connection->values,
                               connection->lengths, connection->formats, 0) == 1;
}

static bool send_sync(struct postgres_connection *connection)
{
    return PQpipelineSync(connection->handle) == 1;
}

static int skip_unread(struct postgres_connection *connection, int64_t deadline)
{
    int error = 0;
    for (; connection->unread > 0 && error >= 0; connection->unread--)
        error = collect(connection, TEXT("the end of a read"), deadline, NULL);
    return error;
}

int postgres_connection_queue(struct postgres_connection *connection, struct text sql,
                              struct db_values values, struct postgres_statement **ret_statement)
{
    if (values.count > POSTGRES_VALUES)
        return ERROR_TOO_LARGE;
    uint64_t evicted;
    struct postgres_statement *statement = postgres_statement_take(connection, sql, &evicted);
    *ret_statement = statement;
    int results = 1 + (connection->begin.data != NULL) + (evicted != 0) + !statement->prepared;
    if (!send_begin(connection) || !send_evicted(connection, evicted) ||
        !send_statement(connection, statement, values))
        return postgres_lose(connection, ERROR_UNAVAILABLE, PQerrorMessage(connection->handle));
    return results;
}

int postgres_connection_run(struct postgres_connection *connection, struct text sql,
                            struct db_values values, PGresult **ret_result)
{
    if (connection->state != POSTGRES_WELL)
        return connection->error;
    struct postgres_statement *statement;
    int error = postgres_connection_queue(connection, sql, values, &statement);
    if (error >= 0 && !send_sync(connection))
        error = postgres_lose(connection, ERROR_UNAVAILABLE, PQerrorMessage(connection->handle));
    if (error < 0)
        return error;
    int64_t deadline = clock_monotonic() + POSTGRES_PATIENCE;
    error = skip_unread(connection, deadline);
    if (error >= 0)
        error = collect(connection, sql, deadline, ret_result);
    if (error >= 0)
        statement->prepared = true;
    return error;
}

void postgres_connection_rollback(struct postgres_connection *connection)
{
    if (connection->state == POSTGRES_LOST || !connection->begun)
        return;
    connection->state = POSTGRES_WELL;
    int64_t deadline = clock_monotonic() + POSTGRES_PATIENCE;
    if (!send_plain(connection, "ROLLBACK") || !send_sync(connection))
        postgres_lose(connection, ERROR_UNAVAILABLE, PQerrorMessage(connection->handle));
    else if (skip_unread(connection, deadline) >= 0 &&
             collect(connection, TEXT("ROLLBACK"), deadline, NULL) < 0)
        postgres_lose(connection, connection->error, NULL);
}

void postgres_connection_leave(struct postgres_connection *connection)
{
    if (connection->state != POSTGRES_WELL) {
        postgres_connection_rollback(connection);
        return;
    }
    if (!connection->begun)
        return;
    if (!send_plain(connection, "COMMIT") || !send_sync(connection) ||
        PQflush(connection->handle) < 0)
        postgres_lose(connection, ERROR_UNAVAILABLE, PQerrorMessage(connection->handle));
    else
        connection->unread++;
}

/* Several statements in one text only go outside of a pipeline. */
int postgres_connection_script(struct postgres_connection *connection, const char *sql)
{
    PGresult *result = NULL;
    int error = postgres_connection_run(connection, TEXT("SET LOCAL statement_timeout = 0"),
                                        DB_NO_VALUES, &result);
    PQclear(result);
    if (error < 0)
        return error;
    PGconn *handle = connection->handle;
    if (PQexitPipelineMode(handle) != 1 || PQsendQuery(handle, sql) != 1)
        return postgres_lose(connection, ERROR_UNAVAILABLE, PQerrorMessage(handle));
    int64_t deadline = clock_monotonic() + SCRIPT_PATIENCE;
    while ((error = wait_for_result(connection, deadline)) == 0 &&
           (result = PQgetResult(handle)) != NULL) {
        if (PQresultStatus(result) == PGRES_FATAL_ERROR)
            postgres_fail(connection, result, TEXT("a script"));
        PQclear(result);
    }
    if (error == 0 && PQenterPipelineMode(handle) != 1)
        return postgres_lose(connection, ERROR_UNAVAILABLE, PQerrorMessage(handle));
    return connection->state == POSTGRES_WELL ? 0 : connection->error;
}
