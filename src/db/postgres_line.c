/*
 * postgres_line.c: news by NOTIFY and LISTEN.
 *
 * One connection of the carrier's own, beside the pools. A NOTIFY is a commit of its own, which
 * need not be durable: news are only a reason to look.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/error.h"
#include "base/memory.h"
#include "db/postgres.h"

#define PATIENCE (5 * CLOCK_SECOND)

struct postgres_line {
    struct carrier_line base;
    struct postgres *postgres;
    PGconn *handle;
};

static struct postgres_line *line_of(struct carrier_line *base)
{
    return CONTAINER_OF(base, struct postgres_line, base);
}

static bool wait_for(PGconn *handle, short events, int64_t deadline)
{
    struct pollfd watched = {.fd = PQsocket(handle), .events = events};
    int64_t left = deadline - clock_monotonic();
    return left > 0 && poll(&watched, 1, (int)(left / CLOCK_MILLISECOND) + 1) > 0;
}

/* The results of what was sent, in time. */
static int finish(PGconn *handle)
{
    int64_t deadline = clock_monotonic() + PATIENCE;
    int unsent = PQflush(handle);
    while (unsent > 0 && wait_for(handle, POLLIN | POLLOUT, deadline) &&
           PQconsumeInput(handle) == 1)
        unsent = PQflush(handle);
    if (unsent != 0)
        return ERROR_UNAVAILABLE;
    for (;;) {
        while (PQisBusy(handle)) {
            if (!wait_for(handle, POLLIN, deadline) || PQconsumeInput(handle) != 1)
                return ERROR_UNAVAILABLE;
        }
        PGresult *result = PQgetResult(handle);
        if (result == NULL)
            return PQstatus(handle) == CONNECTION_OK ? 0 : ERROR_UNAVAILABLE;
        ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            return ERROR_UNAVAILABLE;
    }
}

static int postgres_line_open(struct carrier_line *base)
{
    struct postgres_line *line = line_of(base);
    const struct postgres_settings *settings = &line->postgres->settings;
    line->handle = PQconnectdbParams(settings->keywords, settings->values, 0);
    bool open =
        PQstatus(line->handle) == CONNECTION_OK && PQsetnonblocking(line->handle, 1) == 0 &&
        PQsendQuery(line->handle, "SET synchronous_commit = off; LISTEN errand_wake") == 1 &&
        finish(line->handle) == 0;
    if (open)
        return PQsocket(line->handle);
    PQfinish(line->handle);
    line->handle = NULL;
    return ERROR_UNAVAILABLE;
}

static int hear_all(PGconn *handle, struct wake *wake)
{
    PGnotify *notification;
    int count = 0;
    while ((notification = PQnotifies(handle)) != NULL) {
        wake_hear(wake, text_from(notification->extra));
        PQfreemem(notification);
        count++;
    }
    return count;
}

static int postgres_line_send(struct carrier_line *base, struct wake *wake, struct text message)
{
    PGconn *handle = line_of(base)->handle;
    const char *value = message.data;
    const int length = (int)message.length;
    const int format = 1;
    if (PQsendQueryParams(handle, "SELECT pg_notify('errand_wake', $1)", 1, NULL, &value, &length,
                          &format, 0) != 1 ||
        finish(handle) < 0)
        return ERROR_UNAVAILABLE;
    return hear_all(handle, wake);
}

static int postgres_line_receive(struct carrier_line *base, struct wake *wake)
{
    PGconn *handle = line_of(base)->handle;
    if (PQconsumeInput(handle) != 1 || PQstatus(handle) != CONNECTION_OK)
        return ERROR_UNAVAILABLE;
    return hear_all(handle, wake);
}

static void postgres_line_close(struct carrier_line *base)
{
    struct postgres_line *line = line_of(base);
    PQfinish(line->handle);
    line->handle = NULL;
}

static void postgres_line_free(struct carrier_line *base)
{
    postgres_line_close(base);
    free(line_of(base));
}

static const struct carrier_engine engine = {
    .open = postgres_line_open,
    .send = postgres_line_send,
    .receive = postgres_line_receive,
    .close = postgres_line_close,
    .free = postgres_line_free,
};

struct carrier_line *postgres_line_create(struct db *db)
{
    struct postgres_line *line = memory_allocate(sizeof *line);
    line->base.engine = &engine;
    line->postgres = (struct postgres *)db;
    return &line->base;
}
