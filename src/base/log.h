/*
 * log.h: the application and access log.
 *
 * A line is formatted by the thread that has something to say and copied into memory; a thread of
 * the log's own writes it to standard output and to the log file. A slow disk or a full pipe thus
 * never holds up a request: when a mebibyte of lines waits, further ones are dropped and counted,
 * and a line says how many as soon as there is room.
 *
 * Before log_start (and in the command-line tools, which never call it) lines go to standard error
 * at once. Every function may be called from any thread.
 */
#ifndef ERRAND_BASE_LOG_H
#define ERRAND_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

struct log_options {
    enum log_level level; /* less important lines are dropped */
    bool json;            /* one JSON object a line instead of text */
    const char *file;     /* appended to beside standard output; NULL or "" for none */
};

/* What a line is about besides its message; a zero field is left out. */
struct log_context {
    struct text request_id;
    int64_t user_id;
    uint64_t fiber;
};

struct log_access {
    struct text method;
    struct text path;
    int status;
    int64_t duration; /* microseconds */
};

/* log_start: opens the file and starts the writing thread. ERROR_IO when the file cannot be
 * opened; errno says why. The options are copied, but for `file`, which must live on. */
int log_start(const struct log_options *options);

/* log_stop: writes what waits, then ends the thread. */
void log_stop(void);

/* log_reopen: opens the file anew, as after a rotation. Safe in any thread, not in a signal
 * handler. */
void log_reopen(void);

/* log_set_context: what this thread's lines are about from now on; NULL for nothing. The context
 * is borrowed. A fiber's context follows it (runtime/fiber.h). */
void log_set_context(const struct log_context *context);
const struct log_context *log_get_context(void);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)

/* log_request: the access line of one answered request, with the thread's context. */
void log_request(const struct log_access *access);

#endif
