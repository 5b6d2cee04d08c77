#include "http/connection.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/memory.h"

static void list_add(struct connection_list *list, struct connection *connection)
{
    connection->previous = list->last;
    connection->next = NULL;
    if (list->last != NULL)
        list->last->next = connection;
    else
        list->first = connection;
    list->last = connection;
}

static void list_remove(struct connection_list *list, struct connection *connection)
{
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        list->first = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    else
        list->last = connection->previous;
}

struct connection *connections_add(struct connections *connections, int descriptor)
{
    struct connection *connection = memory_allocate(sizeof *connection);
    connection->descriptor = descriptor;
    connection->state = CONNECTION_IDLE;
    connection->since = clock_monotonic();
    list_add(&connections->lists[CONNECTION_IDLE], connection);
    connections->count++;
    return connection;
}

void connections_remove(struct connections *connections, struct connection *connection)
{
    list_remove(&connections->lists[connection->state], connection);
    connections->count--;
    free(connection);
}

void connections_enter(struct connections *connections, struct connection *connection,
                       enum connection_state state)
{
    list_remove(&connections->lists[connection->state], connection);
    connection->state = state;
    connection->since = clock_monotonic();
    list_add(&connections->lists[state], connection);
}

void connections_expire(struct connections *connections, int64_t now)
{
    for (enum connection_state state = 0; state < CONNECTION_STATES; state++) {
        int64_t timeout = connections->timeouts[state];
        struct connection *connection = connections->lists[state].first;
        while (timeout > 0 && connection != NULL && connection->since + timeout <= now) {
            connection->expired = true;
            shutdown(connection->descriptor, SHUT_RDWR);
            connection = connection->next;
        }
    }
}

/* Its end shuts what has ended already, for the edge that this makes. */
static void notice_end(const struct connection *connection)
{
    char byte;
    if (recv(connection->descriptor, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) == 0)
        shutdown(connection->descriptor, SHUT_RD);
}

void connections_notice_ends(struct connections *connections, int64_t now, int64_t interval)
{
    struct connection *connection = connections->lists[CONNECTION_READING].first;
    for (; connection != NULL; connection = connection->next)
        notice_end(connection);
    /* Twice the interval: none is left out because a call came late. */
    connection = connections->lists[CONNECTION_IDLE].last;
    for (; connection != NULL && connection->since >= now - 2 * interval;
         connection = connection->previous)
        notice_end(connection);
}

void connections_shut_down(struct connections *connections, enum connection_state state)
{
    struct connection *connection = connections->lists[state].first;
    for (; connection != NULL; connection = connection->next)
        shutdown(connection->descriptor, SHUT_RDWR);
}
