#include "queue/link_state.h"

#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/memory.h"

enum { FRAME_SIZE = 131072, CONNECT_SECONDS = 3, ANSWER_SECONDS = 20, SEND_MILLISECONDS = 30000 };

struct queue_link *queue_link_create(const struct queue_address *address, const char *purpose)
{
    struct queue_link *link = memory_allocate(sizeof *link);
    link->address = address;
    link->purpose = purpose;
    link->descriptor = -1;
    pthread_mutex_init(&link->mutex, NULL);
    return link;
}

bool queue_link_is_open(const struct queue_link *link)
{
    return link->state != NULL;
}

const char *queue_link_reason(const struct queue_link *link)
{
    return link->reason;
}

/* Closing. */

static void set_descriptor(struct queue_link *link, int descriptor)
{
    pthread_mutex_lock(&link->mutex);
    link->descriptor = descriptor;
    pthread_mutex_unlock(&link->mutex);
}

void queue_link_break(struct queue_link *link)
{
    pthread_mutex_lock(&link->mutex);
    if (link->descriptor >= 0)
        shutdown(link->descriptor, SHUT_RDWR);
    pthread_mutex_unlock(&link->mutex);
}

void queue_link_close(struct queue_link *link, const char *reason)
{
    snprintf(link->reason, sizeof link->reason, "%s", reason);
    if (link->state == NULL)
        return;
    set_descriptor(link, -1);
    amqp_destroy_connection(link->state);
    link->state = NULL;
    link->blocked = false;
}

void queue_link_free(struct queue_link *link)
{
    if (link == NULL)
        return;
    if (link->state != NULL) {
        const struct timeval second = {.tv_sec = 1};
        amqp_set_rpc_timeout(link->state, &second);
        amqp_connection_close(link->state, AMQP_REPLY_SUCCESS);
    }
    queue_link_close(link, "");
    pthread_mutex_destroy(&link->mutex);
    free(link);
}

int queue_link_fail(struct queue_link *link, const char *reason)
{
    queue_link_close(link, reason);
    return ERROR_UNAVAILABLE;
}

int queue_link_fail_status(struct queue_link *link, int status)
{
    return queue_link_fail(link, amqp_error_string2(status));
}

int queue_link_fail_method(struct queue_link *link, const amqp_method_t *method)
{
    amqp_bytes_t words = amqp_empty_bytes;
    if (method->id == AMQP_CONNECTION_CLOSE_METHOD)
        words = ((const amqp_connection_close_t *)method->decoded)->reply_text;
    else if (method->id == AMQP_CHANNEL_CLOSE_METHOD)
        words = ((const amqp_channel_close_t *)method->decoded)->reply_text;
    char reason[256];
    if (words.len > 0)
        snprintf(reason, sizeof reason, "%.*s", (int)words.len, (const char *)words.bytes);
    else
        snprintf(reason, sizeof reason, "it sent %s", amqp_method_name(method->id));
    return queue_link_fail(link, reason);
}

int queue_link_check(struct queue_link *link, amqp_rpc_reply_t reply)
{
    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return 0;
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        return queue_link_fail_status(link, reply.library_error);
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        return queue_link_fail_method(link, &reply.reply);
    case AMQP_RESPONSE_NONE:
        break;
    }
    return queue_link_fail(link, "it closed the connection");
}

int queue_link_check_last(struct queue_link *link)
{
    return queue_link_check(link, amqp_get_rpc_reply(link->state));
}

/* Connecting. */

static int open_tls(struct queue_link *link, amqp_socket_t **ret_socket)
{
    const struct queue_address *address = link->address;
    amqp_socket_t *opened = amqp_ssl_socket_new(link->state);
    if (opened == NULL)
        return queue_link_fail(link, "TLS cannot be set up");
    amqp_ssl_socket_set_verify_peer(opened, 1);
    amqp_ssl_socket_set_verify_hostname(opened, 1);
    amqp_ssl_socket_set_ssl_versions(opened, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    if (amqp_ssl_socket_set_cacert(opened, address->authorities) != AMQP_STATUS_OK)
        return queue_link_fail(link, "the certificates of cacertfile cannot be read");
    const char *key = address->key == NULL ? address->certificate : address->key;
    if (address->certificate != NULL &&
        amqp_ssl_socket_set_key(opened, address->certificate, key) != AMQP_STATUS_OK)
        return queue_link_fail(link, "the certificate of certfile and keyfile cannot be used");
    *ret_socket = opened;
    return 0;
}

static int open_socket(struct queue_link *link)
{
    const struct timeval timeout = {.tv_sec = CONNECT_SECONDS};
    const struct timeval answer = {.tv_sec = ANSWER_SECONDS};
    amqp_socket_t *opened = NULL;
    if (link->address->tls) {
        int error = open_tls(link, &opened);
        if (error < 0)
            return error;
    } else {
        opened = amqp_tcp_socket_new(link->state);
    }
    amqp_set_handshake_timeout(link->state, &answer);
    amqp_set_rpc_timeout(link->state, &answer);
    int status = opened == NULL ? AMQP_STATUS_NO_MEMORY
                                : amqp_socket_open_noblock(opened, link->address->host,
                                                           link->address->port, &timeout);
    if (status != AMQP_STATUS_OK)
        return queue_link_fail_status(link, status);
    set_descriptor(link, amqp_get_sockfd(link->state));
    int patience = SEND_MILLISECONDS;
    setsockopt(link->descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
    return 0;
}

static amqp_table_entry_t flag(const char *name)
{
    return (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1},
    };
}

static int log_in(struct queue_link *link)
{
    const struct queue_address *address = link->address;
    amqp_table_entry_t capabilities[] = {flag("consumer_cancel_notify"), flag("connection.blocked"),
                                         flag("authentication_failure_close")};
    amqp_table_entry_t properties[] = {
        {.key = amqp_cstring_bytes("connection_name"),
         .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(link->purpose)}},
        {.key = amqp_cstring_bytes("capabilities"),
         .value = {.kind = AMQP_FIELD_KIND_TABLE,
                   .value.table = {.num_entries = sizeof capabilities / sizeof capabilities[0],
                                   .entries = capabilities}}},
    };
    const amqp_table_t table = {.num_entries = sizeof properties / sizeof properties[0],
                                .entries = properties};
    int error = queue_link_check(
        link, amqp_login_with_properties(link->state, address->virtual_host, 0, FRAME_SIZE,
                                         address->heartbeat, &table, AMQP_SASL_METHOD_PLAIN,
                                         address->user, address->password));
    if (error < 0)
        return error;
    amqp_channel_open(link->state, CHANNEL);
    return queue_link_check_last(link);
}

int queue_link_connect(struct queue_link *link)
{
    queue_link_close(link, "");
    link->state = amqp_new_connection();
    if (link->state == NULL)
        return queue_link_fail(link, "out of memory");
    link->confirming = false;
    link->published = link->confirmed = 0;
    memset(link->ahead, 0, sizeof link->ahead);
    int error = open_socket(link);
    return error < 0 ? error : log_in(link);
}
