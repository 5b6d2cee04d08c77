#include "base/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

enum {
    HALF_SIZE = 1 << 20,
    PAUSE_NANOSECONDS = 5000000, /* between two writes: lines gather, one system call takes many */
};

struct half {
    size_t length;
    uint64_t dropped;
    char data[HALF_SIZE];
};

static struct half halves[2];
static struct half *front = &halves[0];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_t writer;
static bool running;
static bool stopping;
static bool reopening;

static const char *file_path;
static log_sink_notice *format_notice;
static int file = -1;

/* A log that cannot be written has nowhere to say so; what is left of the line is given up. */
static void write_all(int descriptor, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, data, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        data += written;
        length -= (size_t)written;
    }
}

static int open_file(void)
{
    if (file_path == NULL || file_path[0] == '\0')
        return 0;
    int opened = open(file_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (opened < 0)
        return ERROR_IO;
    if (file >= 0)
        close(file);
    file = opened;
    return 0;
}

/* A line of the log's own, worded as the others are. */
static void write_notice(const char *message)
{
    char line[LOG_SINK_NOTICE_SIZE];
    size_t length = format_notice(line, message);
    write_all(STDOUT_FILENO, line, length);
    if (file >= 0)
        write_all(file, line, length);
}

static void write_half(struct half *half)
{
    write_all(STDOUT_FILENO, half->data, half->length);
    if (file >= 0)
        write_all(file, half->data, half->length);
    if (half->dropped > 0) {
        char message[96];
        snprintf(message, sizeof message, "log: %ju lines dropped, output too slow",
                 (uintmax_t)half->dropped);
        write_notice(message);
    }
    half->length = 0;
    half->dropped = 0;
}

static void *writer_main(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    for (;;) {
        while (front->length == 0 && !stopping && !reopening)
            pthread_cond_wait(&changed, &mutex);
        bool reopen = reopening;
        bool last = stopping;
        reopening = false;
        struct half *back = front;
        front = back == &halves[0] ? &halves[1] : &halves[0];
        pthread_mutex_unlock(&mutex);

        write_half(back);
        if (reopen && open_file() < 0)
            write_notice("log: cannot reopen the log file; keeping the old one");
        if (last)
            return NULL;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NANOSECONDS}, NULL);
        pthread_mutex_lock(&mutex);
    }
}

int log_sink_start(const char *path, log_sink_notice *notice)
{
    file_path = path;
    format_notice = notice;
    if (open_file() < 0)
        return ERROR_IO;
    stopping = false;
    if (pthread_create(&writer, NULL, writer_main, NULL) != 0)
        return ERROR_IO;
    pthread_setname_np(writer, "errand-log");
    pthread_mutex_lock(&mutex);
    running = true;
    pthread_mutex_unlock(&mutex);
    return 0;
}

void log_sink_stop(void)
{
    pthread_mutex_lock(&mutex);
    bool was_running = running;
    running = false;
    stopping = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
    if (!was_running)
        return;
    pthread_join(writer, NULL);
    if (file >= 0)
        close(file);
    file = -1;
}

void log_sink_reopen(void)
{
    pthread_mutex_lock(&mutex);
    reopening = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
}

void log_sink_add(const char *line, size_t length)
{
    pthread_mutex_lock(&mutex);
    if (!running) {
        pthread_mutex_unlock(&mutex);
        write_all(STDERR_FILENO, line, length);
        return;
    }
    bool was_empty = front->length == 0;
    if (length > HALF_SIZE - front->length) {
        front->dropped++;
    } else {
        memcpy(front->data + front->length, line, length);
        front->length += length;
    }
    if (was_empty)
        pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
}
