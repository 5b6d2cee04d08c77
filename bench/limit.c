/*
 * limit: the fastest that errand could be, a bare libmicrohttpd that always gives the same answer.
 *
 *     limit ANSWER THREADS
 *
 * ANSWER is a file with one HTTP/1.1 answer as errand sent it (`curl --include`): its status,
 * headers and body are read once and then sent to every request, so that both servers put the same
 * bytes on the wire. THREADS is how many loops there are. Each has the shape of errand's own: a
 * listener of its own on a shared port (SO_REUSEPORT), a daemon in external-epoll mode, and an
 * epoll around it. What is missing is everything that errand does between a request and its answer.
 *
 * Listens on a free port of 127.0.0.1 and prints "listening on http://127.0.0.1:PORT". Ends when
 * killed. Errors end the program: this is a measuring instrument.
 */
#include <err.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ANSWER_MAX = 1 << 20,
    THREADS_MAX = 256,
    BACKLOG = 1024,
    CONNECTIONS_MAX = 65536,
};

struct answer {
    unsigned int status;
    struct MHD_Response *response;
    char bytes[ANSWER_MAX + 1];
};

static struct answer answer;

static void answer_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        err(1, "%s", path);
    size_t size = fread(answer.bytes, 1, ANSWER_MAX, file);
    answer.bytes[size] = '\0';
    (void)fclose(file);
}

/* Those that libmicrohttpd writes by itself must not be there twice. */
static int header_is_own(const char *name)
{
    return strcasecmp(name, "Date") == 0 || strcasecmp(name, "Content-Length") == 0 ||
           strcasecmp(name, "Connection") == 0;
}

static void answer_add_header(char *line)
{
    char *colon = strchr(line, ':');
    if (!colon)
        errx(1, "not a header: %s", line);
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " ");
    if (header_is_own(line))
        return;
    if (MHD_add_response_header(answer.response, line, value) != MHD_YES)
        errx(1, "libmicrohttpd does not take the header %s: %s", line, value);
}

static void answer_parse(void)
{
    char *end = strstr(answer.bytes, "\r\n\r\n");
    char *head = strchr(answer.bytes, ' ');
    if (!end || !head || head > end)
        errx(1, "no HTTP answer in the file");
    *end = '\0';
    answer.status = (unsigned int)strtoul(head, NULL, 10);

    char *body = end + 4;
    answer.response = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_PERSISTENT);
    if (!answer.response)
        errx(1, "no memory for the answer");

    char *line = strstr(answer.bytes, "\r\n");
    while (line) {
        line += 2;
        char *next = strstr(line, "\r\n");
        if (next)
            *next = '\0';
        answer_add_header(line);
        line = next;
    }
}

static enum MHD_Result reply(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **request)
{
    (void)context, (void)url, (void)method, (void)version, (void)upload;
    /* A body is taken and forgotten. The first call, before it, must not answer yet. */
    if (!*request) {
        *request = &answer;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    return MHD_queue_response(connection, answer.status, answer.response);
}

/* A listener on *port; 0 takes a free one and stores it for the others. */
static int listener_open(uint16_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0)
        err(1, "socket");

    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        err(1, "127.0.0.1:%u", *port);
    *port = ntohs(address.sin_port);
    return fd;
}

static struct MHD_Daemon *daemon_start(int listener)
{
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, reply, NULL, MHD_OPTION_LISTEN_SOCKET,
        listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX, MHD_OPTION_END);
    if (!daemon)
        errx(1, "libmicrohttpd does not start");
    return daemon;
}

static void *loop_run(void *context)
{
    struct MHD_Daemon *daemon = context;
    int inner = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    int outer = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    if (outer < 0 || epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event) < 0)
        err(1, "epoll");

    for (;;) {
        MHD_UNSIGNED_LONG_LONG wait;
        int timeout = MHD_get_timeout(daemon, &wait) == MHD_YES && wait < 1000 ? (int)wait : 1000;
        (void)epoll_wait(outer, &event, 1, timeout);
        if (MHD_run(daemon) != MHD_YES)
            errx(1, "libmicrohttpd stopped");
    }
    return NULL;
}

int main(int argc, char **argv)
{
    unsigned long threads = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (threads < 1 || threads > THREADS_MAX) {
        (void)fprintf(stderr, "usage: limit ANSWER THREADS\n");
        return 2;
    }
    answer_read(argv[1]);
    answer_parse();

    /* Every listener is there before the port is named: a connection goes to one for good. */
    struct MHD_Daemon *daemons[THREADS_MAX];
    uint16_t port = 0;
    for (unsigned long i = 0; i < threads; i++)
        daemons[i] = daemon_start(listener_open(&port));
    printf("listening on http://127.0.0.1:%u\n", port);
    (void)fflush(stdout);

    for (unsigned long i = 1; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, loop_run, daemons[i]) != 0)
            errx(1, "no thread");
    }
    loop_run(daemons[0]);
    return 0;
}
