/*
 * jobs: how long a job takes from being submitted to its result, for one client or for many.
 *
 *     jobs PORT TOKEN CLIENTS SECONDS
 *
 * Each client has a thread and a connection: it submits a job, asks for it with ?wait= until it is
 * finished, and submits the next. One line: from sending the job to having its result, p50 and p99
 * in microseconds and how many; then p50 and p99 of the submission alone.
 */
#include <pthread.h>

#include "client.h"

enum {
    CLIENTS_LIMIT = 1024,
    ANSWER_LIMIT = 1 << 16,
    SAMPLES_LIMIT = 1 << 20,
    ID_LENGTH = 36,
};

static const char body[] = "{\"operation\":\"reverse\",\"data\":\"A text of some length\"}";

static const char *port;
static const char *token;
static uint64_t end;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct samples whole;
static struct samples submissions;

/* The text behind `key` in the answer, which must be a good one. */
static const char *expect(const char *answer, bool good, const char *key)
{
    const char *found = good ? strstr(answer, key) : NULL;
    if (found == NULL) {
        fprintf(stderr, "jobs: answered %s\n", answer);
        exit(EXIT_FAILURE);
    }
    return found + strlen(key);
}

static void run_job(int connection, const char *submission, char *answer)
{
    char request[2048];
    uint64_t start = now();
    bool good = exchange(connection, submission, strlen(submission), answer, ANSWER_LIMIT);
    const char *id = expect(answer, good, "\"id\":\"");
    uint64_t submitted = now();
    int length = snprintf(request, sizeof request,
                          "GET /api/v1/jobs/%.*s?wait=30 HTTP/1.1\r\nHost: bench\r\n"
                          "Authorization: Bearer %s\r\n\r\n",
                          (int)ID_LENGTH, id, token);
    good = exchange(connection, request, (size_t)length, answer, ANSWER_LIMIT);
    expect(answer, good, "\"status\":\"finished\"");
    uint64_t finished = now();
    pthread_mutex_lock(&mutex);
    samples_add(&whole, finished - start);
    samples_add(&submissions, submitted - start);
    pthread_mutex_unlock(&mutex);
}

static void *client_main(void *argument)
{
    (void)argument;
    char submission[2048];
    char *answer = allocate(ANSWER_LIMIT);
    int connection = connect_to(port);
    snprintf(submission, sizeof submission,
             "POST /api/v1/jobs HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             token, strlen(body), body);
    while (now() < end)
        run_job(connection, submission, answer);
    close(connection);
    free(answer);
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 5) {
        fputs("usage: jobs PORT TOKEN CLIENTS SECONDS\n", stderr);
        return 2;
    }
    port = arguments[1];
    token = arguments[2];
    size_t clients = strtoul(arguments[3], NULL, 10);
    end = now() + (uint64_t)(strtod(arguments[4], NULL) * 1e9);
    samples_init(&whole, SAMPLES_LIMIT);
    samples_init(&submissions, SAMPLES_LIMIT);
    static pthread_t threads[CLIENTS_LIMIT];
    for (size_t i = 0; i < clients && i < CLIENTS_LIMIT; i++) {
        if (pthread_create(&threads[i], NULL, client_main, NULL) != 0)
            fail("thread");
    }
    for (size_t i = 0; i < clients && i < CLIENTS_LIMIT; i++)
        pthread_join(threads[i], NULL);
    samples_print(&whole);
    putchar(' ');
    samples_print(&submissions);
    putchar('\n');
    return 0;
}
