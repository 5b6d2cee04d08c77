/*
 * client.h: what the load programs of bench/ share: the clock, a connection that asks and waits,
 * and figures of samples. Every failure ends the program: a figure beside a failure is none.
 */
#ifndef ERRAND_BENCH_CLIENT_H
#define ERRAND_BENCH_CLIENT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline _Noreturn void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static inline void *allocate(size_t size)
{
    void *memory = malloc(size);
    if (memory == NULL)
        fail("memory");
    return memory;
}

/* Nanoseconds. */
static inline uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static inline int connect_to(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0 ||
        connect(connection, (const struct sockaddr *)&address, sizeof address) < 0 ||
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0)
        fail("connect");
    return connection;
}

/* The length of the body that a head announces. */
static inline size_t content_length(const char *head, const char *end)
{
    static const char name[] = "\r\nContent-Length:";
    const char *line = strcasestr(head, name);
    return line == NULL || line > end ? 0 : strtoul(line + sizeof name - 1, NULL, 10);
}

/* The length of the message, head and body, that `text` begins with; 0 when its head is not whole.
 */
static inline size_t message_length(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    return end == NULL ? 0 : (size_t)(end - text) + 4 + content_length(text, end);
}

/* Sends a request and reads the whole answer into `answer`; whether its status is 2xx. */
static inline bool exchange(int connection, const char *request, size_t length, char *answer,
                            size_t limit)
{
    if (send(connection, request, length, MSG_NOSIGNAL) != (ssize_t)length)
        fail("send");
    size_t received = 0;
    size_t wanted = 0;
    while (wanted == 0 || received < wanted) {
        ssize_t got = recv(connection, answer + received, limit - 1 - received, 0);
        if (got <= 0)
            fail("receive");
        received += (size_t)got;
        answer[received] = '\0';
        if (wanted == 0)
            wanted = message_length(answer);
    }
    return strncmp(answer, "HTTP/1.1 2", 10) == 0;
}

/* Samples, in nanoseconds. */
struct samples {
    uint32_t *values;
    size_t count;
    size_t limit;
};

static inline void samples_init(struct samples *samples, size_t limit)
{
    *samples =
        (struct samples){.values = allocate(limit * sizeof *samples->values), .limit = limit};
}

static inline void samples_add(struct samples *samples, uint64_t taken)
{
    if (samples->count < samples->limit)
        samples->values[samples->count++] = taken > UINT32_MAX ? UINT32_MAX : (uint32_t)taken;
}

static inline int samples_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* "p50 p99 count", in microseconds. */
static inline void samples_print(struct samples *samples)
{
    if (samples->count == 0) {
        fputs("nothing was measured\n", stderr);
        exit(EXIT_FAILURE);
    }
    qsort(samples->values, samples->count, sizeof samples->values[0], samples_compare);
    size_t middle = samples->count / 2;
    size_t high = samples->count * 99 / 100;
    printf("%.1f %.1f %zu", samples->values[middle] / 1000.0, samples->values[high] / 1000.0,
           samples->count);
}

#endif
