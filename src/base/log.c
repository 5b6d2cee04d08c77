/*
 * log.c: formatting here, the waiting lines and the writing thread in log_sink.c.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log_sink.h"

enum {
    LINE_SIZE = 16384,   /* holds a message and a path at their longest, each byte escaped */
    MESSAGE_SIZE = 2048, /* bytes of a message that are kept */
    PATH_SIZE = 512,     /* bytes of a request's path that are kept */
};

static const char *const level_names[] = {"DEBUG", "INFO", "WARNING", "ERROR"};

static struct log_options active = {.level = LOG_LEVEL_INFO};
static _Thread_local const struct log_context *current;

/* A line under construction: JSON members, or `name=value` pairs with the same escapes. */
struct line {
    struct buffer buffer;
    struct json json;
};

static void line_member(struct line *line, const char *name)
{
    if (active.json) {
        json_key(&line->json, name);
        return;
    }
    buffer_add_char(&line->buffer, ' ');
    buffer_add_string(&line->buffer, name);
    buffer_add_char(&line->buffer, '=');
    line->json.comma = false;
}

static void line_integer(struct line *line, const char *name, int64_t value)
{
    line_member(line, name);
    json_put_integer(&line->json, value);
}

static void line_text(struct line *line, const char *name, struct text value)
{
    line_member(line, name);
    json_put_text(&line->json, value);
}

static bool is_word(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~' || text.data[i] == '"')
            return false;
    }
    return text.length > 0;
}

/* line_word: a value that, in a text line, needs no quotes unless it has spaces or worse. */
static void line_word(struct line *line, const char *name, struct text value)
{
    if (active.json || !is_word(value)) {
        line_text(line, name, value);
        return;
    }
    line_member(line, name);
    buffer_add_text(&line->buffer, value);
}

static void line_begin(struct line *line, char *storage, size_t size, enum log_level level)
{
    char timestamp[CLOCK_TIMESTAMP_SIZE];
    clock_format_timestamp(clock_now(), timestamp);
    buffer_init_fixed(&line->buffer, storage, size);
    json_init(&line->json, &line->buffer);
    if (active.json) {
        json_begin_object(&line->json);
        line_text(line, "time", text_from(timestamp));
        line_text(line, "level", text_from(level_names[level]));
    } else {
        buffer_add_string(&line->buffer, timestamp);
        buffer_add_char(&line->buffer, ' ');
        buffer_add_string(&line->buffer, level_names[level]);
    }
    if (current == NULL)
        return;
    if (current->request_id.length > 0)
        line_word(line, "request_id", current->request_id);
    if (current->user_id > 0)
        line_integer(line, "user", current->user_id);
    if (current->fiber > 0)
        line_integer(line, "fiber", (int64_t)current->fiber);
}

static void line_end(struct line *line)
{
    if (active.json)
        json_end_object(&line->json);
    buffer_add_char(&line->buffer, '\n');
}

/* A cut must not split a character, nor may bytes that are no text reach the log. */
static struct text printable(struct text text, size_t limit)
{
    if (text.length > limit) {
        text.length = limit;
        while (text.length > 0 && ((unsigned char)text.data[text.length] & 0xC0) == 0x80)
            text.length--;
    }
    return text_is_valid(text) ? text : TEXT("(not valid UTF-8)");
}

void log_write(enum log_level level, const char *format, ...)
{
    if (level < active.level)
        return;
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);

    static _Thread_local char storage[LINE_SIZE];
    struct line line;
    line_begin(&line, storage, sizeof storage, level);
    line_text(&line, "message", printable(text_from(message), sizeof message - 4));
    line_end(&line);
    log_sink_add(line.buffer.data, line.buffer.length);
}

void log_request(const struct log_access *access)
{
    if (LOG_LEVEL_INFO < active.level)
        return;
    static _Thread_local char storage[LINE_SIZE];
    struct line line;
    line_begin(&line, storage, sizeof storage, LOG_LEVEL_INFO);
    line_word(&line, "method", printable(access->method, PATH_SIZE));
    line_text(&line, "path", printable(access->path, PATH_SIZE));
    line_integer(&line, "status", access->status);
    line_member(&line, "duration_ms");
    json_put_real(&line.json, (double)access->duration / 1000.0);
    line_end(&line);
    log_sink_add(line.buffer.data, line.buffer.length);
}

static size_t format_notice(char *storage, const char *message)
{
    struct line line;
    line_begin(&line, storage, LOG_SINK_NOTICE_SIZE, LOG_LEVEL_WARNING);
    line_text(&line, "message", text_from(message));
    line_end(&line);
    return line.buffer.length;
}

int log_start(const struct log_options *options)
{
    active = *options;
    return log_sink_start(options->file, format_notice);
}

void log_stop(void)
{
    log_sink_stop();
}

void log_reopen(void)
{
    log_sink_reopen();
}

void log_set_context(const struct log_context *context)
{
    current = context;
}

const struct log_context *log_get_context(void)
{
    return current;
}
