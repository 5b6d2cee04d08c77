#include "web_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "support.h"

enum { CONNECTIONS = 512, REQUEST_LIMIT = 4 << 20 };

struct connection {
    struct web_server *server;
    pthread_t thread;
    int socket;
};

struct web_server {
    int listener;
    int port;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t met;
    size_t meeting;
    size_t count;
    sem_t hung;
    sem_t given_up;
    struct connection connections[CONNECTIONS];
};

/* A request that has come; `text` is all of it. */
struct web_request {
    struct text text;
    char path[256];
};

/* The length that the head declares. */
static size_t body_length(const char *head)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");
    return field == NULL ? 0 : strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
}

/* Reads until a request is complete; false when there is none. */
static bool read_request(const struct connection *connection, struct arena *arena,
                         struct web_request *request)
{
    struct buffer buffer;
    buffer_init(&buffer, arena, REQUEST_LIMIT);
    for (;;) {
        char piece[4096];
        ssize_t got = recv(connection->socket, piece, sizeof piece, 0);
        if (got <= 0)
            return false;
        buffer_add(&buffer, piece, (size_t)got);
        const char *text = buffer.data;
        const char *end = memmem(text, buffer.length, "\r\n\r\n", 4);
        if (end == NULL)
            continue;
        size_t head = (size_t)(end + 4 - text);
        struct text copy = arena_copy(arena, (struct text){text, head});
        if (buffer.length < head + body_length(copy.data))
            continue;
        request->text = buffer_text(&buffer);
        return sscanf(copy.data, "%*s %255s", request->path) == 1;
    }
}

static bool send_text(const struct connection *connection, struct text text)
{
    while (text.length > 0) {
        ssize_t sent = send(connection->socket, text.data, text.length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text.data += sent;
        text.length -= (size_t)sent;
    }
    return true;
}

static bool answer(const struct connection *connection, struct arena *arena, unsigned long status,
                   struct text body)
{
    struct text head = arena_format(arena,
                                    "HTTP/1.1 %lu Said\r\nContent-Type: text/plain\r\n"
                                    "Location: /hello\r\nX-Twice: one\r\nX-Twice: two\r\n"
                                    "Content-Length: %zu\r\n\r\n",
                                    status, body.length);
    return send_text(connection, head) && send_text(connection, body);
}

static void wait_for_others(struct web_server *server, unsigned long wanted)
{
    pthread_mutex_lock(&server->mutex);
    server->meeting++;
    pthread_cond_broadcast(&server->met);
    while (server->meeting < wanted)
        pthread_cond_wait(&server->met, &server->mutex);
    pthread_mutex_unlock(&server->mutex);
}

static bool hang(const struct connection *connection)
{
    char byte;
    sem_post(&connection->server->hung);
    ssize_t got = recv(connection->socket, &byte, 1, 0);
    if (got <= 0)
        sem_post(&connection->server->given_up);
    return false;
}

/* Whether the connection goes on. */
static bool serve(const struct connection *connection, struct arena *arena,
                  const struct web_request *request)
{
    const char *path = request->path;
    unsigned long number =
        strrchr(path, '/') == NULL ? 0 : strtoul(strrchr(path, '/') + 1, NULL, 10);
    struct text hello = TEXT("hello");
    if (strncmp(path, "/hello", 6) == 0)
        return answer(connection, arena, 200, hello);
    if (strncmp(path, "/status/", 8) == 0)
        return answer(connection, arena, number, arena_format(arena, "status %lu", number));
    if (strncmp(path, "/bytes/", 7) == 0) {
        char *bytes = arena_allocate(arena, number + 1);
        memset(bytes, 'x', number);
        return answer(connection, arena, 200, (struct text){bytes, number});
    }
    if (strcmp(path, "/echo") == 0)
        return answer(connection, arena, 200, request->text);
    if (strncmp(path, "/meet/", 6) == 0) {
        wait_for_others(connection->server, number);
        return answer(connection, arena, 200, hello);
    }
    if (strcmp(path, "/hang") == 0)
        return hang(connection);
    if (strcmp(path, "/drop") == 0)
        answer(connection, arena, 200, hello);
    if (strcmp(path, "/broken") == 0)
        send_text(connection, TEXT("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789"));
    if (strcmp(path, "/garbage") == 0)
        send_text(connection, TEXT("what did you say?\r\n"));
    return false;
}

static void *connection_main(void *argument)
{
    const struct connection *connection = argument;
    bool goes_on = true;
    while (goes_on) {
        CLEANUP_ARENA struct arena arena = {0};
        struct web_request request;
        goes_on = read_request(connection, &arena, &request) && serve(connection, &arena, &request);
    }
    shutdown(connection->socket,
             SHUT_RDWR); /* closed when the server ends: its number stays taken */
    return NULL;
}

static void *listener_main(void *argument)
{
    struct web_server *server = argument;
    for (;;) {
        int socket = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (socket < 0)
            return NULL;
        pthread_mutex_lock(&server->mutex);
        struct connection *connection = &server->connections[server->count];
        bool taken = server->count < CONNECTIONS;
        if (taken) {
            *connection = (struct connection){.server = server, .socket = socket};
            server->count++;
            pthread_create(&connection->thread, NULL, connection_main, connection);
        }
        pthread_mutex_unlock(&server->mutex);
        if (!taken)
            close(socket);
    }
}

struct web_server *web_server_start(void)
{
    struct web_server *server = memory_allocate(sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, CONNECTIONS), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    pthread_mutex_init(&server->mutex, NULL);
    pthread_cond_init(&server->met, NULL);
    sem_init(&server->hung, 0, 0);
    sem_init(&server->given_up, 0, 0);
    assert_int_equal(pthread_create(&server->thread, NULL, listener_main, server), 0);
    return server;
}

void web_server_stop(struct web_server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    for (size_t i = 0; i < server->count; i++) {
        shutdown(server->connections[i].socket, SHUT_RDWR);
        pthread_join(server->connections[i].thread, NULL);
        close(server->connections[i].socket);
    }
    pthread_mutex_destroy(&server->mutex);
    pthread_cond_destroy(&server->met);
    sem_destroy(&server->hung);
    sem_destroy(&server->given_up);
    free(server);
}

const char *web_server_url(const struct web_server *server, struct arena *arena, const char *path)
{
    return arena_format(arena, "http://127.0.0.1:%d%s", server->port, path).data;
}

size_t web_server_connections(struct web_server *server)
{
    pthread_mutex_lock(&server->mutex);
    size_t count = server->count;
    pthread_mutex_unlock(&server->mutex);
    return count;
}

bool web_server_has_hung(struct web_server *server)
{
    return sem_trywait(&server->hung) == 0;
}

void web_server_wait_given_up(struct web_server *server)
{
    while (sem_wait(&server->given_up) < 0)
        continue;
}
