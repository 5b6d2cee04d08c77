/*
 * log_sink.h: where the lines of log.c wait for the disk. Only log.c uses it.
 *
 * Two halves of memory: threads fill the front one under a mutex held for one memcpy, the writing
 * thread swaps the halves and writes the back one at its leisure.
 */
#ifndef ERRAND_BASE_LOG_SINK_H
#define ERRAND_BASE_LOG_SINK_H

#include <stddef.h>

enum { LOG_SINK_NOTICE_SIZE = 512 };

/* Writes a line with `message`, its newline included, into LOG_SINK_NOTICE_SIZE bytes at `storage`
 * and returns its length: how the sink words what it has to say itself. */
typedef size_t log_sink_notice(char *storage, const char *message);

/* See log.h for what each does. */
int log_sink_start(const char *path, log_sink_notice *notice);
void log_sink_stop(void);
void log_sink_reopen(void);

/* log_sink_add: one whole line, its newline included. Any thread. */
void log_sink_add(const char *line, size_t length);

#endif
