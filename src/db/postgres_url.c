/*
 * postgres_url.c: postgresql://user:password@host:port/db?options, as SQLAlchemy writes it too:
 * with postgres: for a scheme, a driver behind it (postgresql+psycopg:), and pool_size among the
 * options. The other options are libpq's. No message repeats anything of a URL, which may hold a
 * password.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "db/postgres.h"

enum { POOL_SIZE = 8, POOL_SIZE_LIMIT = 1000, URL_LIMIT = 8192 };

struct preset {
    const char *keyword;
    const char *value;
};

/* Where the URL says nothing. A server that does not answer is given up in seconds; one that is
 * only busy is given its time. */
static const struct preset presets[] = {
    {"fallback_application_name", "errand"},
    {"connect_timeout", "5"},
    {"keepalives_idle", "15"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "30000"},
    {"target_session_attrs", "read-write"},
    {"options", "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000"},
};

enum { PRESET_COUNT = sizeof presets / sizeof presets[0] };

/* Takes pool_size out of the query and copies the others. ERROR_INVALID for a bad number. */
static int copy_query(struct buffer *url, struct text query, size_t *pool_size)
{
    char separator = '?';
    struct text option;
    while (text_split(&query, '&', &option)) {
        if (text_starts_with(option, TEXT("pool_size="))) {
            struct text digits = {option.data + 10, option.length - 10};
            int64_t size;
            if (text_parse_integer(digits, &size) < 0 || size < 1 || size > POOL_SIZE_LIMIT)
                return ERROR_INVALID;
            *pool_size = (size_t)size;
            continue;
        }
        if (option.length == 0)
            continue;
        buffer_add_char(url, separator);
        buffer_add_text(url, option);
        separator = '&';
    }
    return 0;
}

/* The URL as libpq reads it. */
static int normalize(struct buffer *url, const char *given, size_t *pool_size)
{
    struct text rest = text_from(given);
    struct text scheme;
    if (!text_split(&rest, ':', &scheme) || rest.data == NULL ||
        !text_starts_with(rest, TEXT("//")))
        return ERROR_INVALID;
    struct text name = text_before(scheme, '+');
    if (!text_is(name, "postgresql") && !text_is(name, "postgres"))
        return ERROR_INVALID;
    struct text query = rest;
    struct text address;
    text_split(&query, '?', &address);
    buffer_add_string(url, "postgresql:");
    buffer_add_text(url, address);
    int error = query.data == NULL ? 0 : copy_query(url, query, pool_size);
    buffer_add_char(url, '\0');
    return buffer_overflowed(url) ? ERROR_INVALID : error;
}

static bool is_set(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (strcmp(option->keyword, keyword) == 0)
            return option->val != NULL;
    }
    return false;
}

static void add(struct postgres_settings *settings, size_t *count, const char *keyword,
                const char *value)
{
    settings->keywords[*count] = keyword;
    settings->values[*count] = value;
    ++*count;
}

int postgres_settings_parse(struct postgres_settings *settings, const char *url)
{
    char storage[URL_LIMIT];
    struct buffer normal;
    buffer_init_fixed(&normal, storage, sizeof storage);
    *settings = (struct postgres_settings){.pool_size = POOL_SIZE};
    if (normalize(&normal, url, &settings->pool_size) < 0)
        return ERROR_INVALID;
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(storage, &message);
    explicit_bzero(storage, sizeof storage);
    PQfreemem(message);
    if (options == NULL)
        return ERROR_INVALID;
    size_t capacity = PRESET_COUNT + 2;
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
        capacity++;
    settings->parsed = options;
    settings->keywords = memory_allocate_array(capacity, sizeof *settings->keywords);
    settings->values = memory_allocate_array(capacity, sizeof *settings->values);
    size_t count = 0;
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (option->val != NULL && strcmp(option->keyword, "client_encoding") != 0)
            add(settings, &count, option->keyword, option->val);
    }
    for (size_t i = 0; i < PRESET_COUNT; i++) {
        if (!is_set(options, presets[i].keyword))
            add(settings, &count, presets[i].keyword, presets[i].value);
    }
    add(settings, &count, "client_encoding", "UTF8");
    settings->keywords[count] = settings->values[count] = NULL;
    return 0;
}

void postgres_settings_release(struct postgres_settings *settings)
{
    PQconninfoFree(settings->parsed);
    free(settings->keywords);
    free(settings->values);
}
