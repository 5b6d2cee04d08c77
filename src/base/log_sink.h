/*
 * log_sink.h: where the lines of log.c wait for the disk. Only log.c uses it.
 *
 * Two halves of memory: threads fill the front one under a mutex held for one memcpy, the writing
 * thread swaps the halves and writes the back one at its leisure.
 */
#ifndef ERRAND_BASE_LOG_SINK_H
#define ERRAND_BASE_LOG_SINK_H

#include <stddef.h>

/* See log.h for what each does. */
int log_sink_start(const char *path);
void log_sink_stop(void);
void log_sink_reopen(void);

/* log_sink_add: one whole line, its newline included. Any thread. */
void log_sink_add(const char *line, size_t length);

#endif
