#include "cache/redis.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "cache/redis_connection.h"
#include "runtime/fiber.h"

void redis_resolve(struct redis *redis)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char address[REDIS_ADDRESS_SIZE];
    if (getaddrinfo(redis->url.host.data, NULL, &hints, &found) != 0)
        return;
    if (getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0,
                    NI_NUMERICHOST) == 0) {
        pthread_mutex_lock(&redis->mutex);
        snprintf(redis->address, sizeof redis->address, "%s", address);
        pthread_mutex_unlock(&redis->mutex);
    }
    freeaddrinfo(found);
}

bool redis_find_address(struct redis *redis, char address[static REDIS_ADDRESS_SIZE])
{
    pthread_mutex_lock(&redis->mutex);
    snprintf(address, REDIS_ADDRESS_SIZE, "%s", redis->address);
    pthread_mutex_unlock(&redis->mutex);
    return address[0] != '\0';
}

int redis_create(struct redis **ret_redis, const struct redis_options *options,
                 struct text *ret_message)
{
    struct redis *redis =
        memory_allocate(sizeof *redis + options->loops * sizeof redis->connections[0]);
    arena_init(&redis->arena);
    if (redis_url_parse(&redis->url, &redis->arena, text_from(options->url)) < 0) {
        arena_release(&redis->arena);
        free(redis);
        *ret_message = TEXT("REDIS_URL must be of the form "
                            "redis://USER:PASSWORD@HOST:PORT/DATABASE, where only HOST is needed "
                            "and what is not a letter or digit is percent-encoded");
        return ERROR_INVALID;
    }
    redis->timeout = options->timeout;
    redis->prefix = arena_format(&redis->arena, "errand:%.*s:", TEXT_ARGUMENTS(options->owner));
    redis->loops = options->loops;
    pthread_mutex_init(&redis->mutex, NULL);
    for (unsigned i = 0; i < redis->loops; i++)
        redis_connection_init(&redis->connections[i], redis);
    redis_resolve(redis);
    *ret_redis = redis;
    return 0;
}

void redis_free(struct redis *redis)
{
    if (redis == NULL)
        return;
    for (unsigned i = 0; i < redis->loops; i++)
        redis_connection_release(&redis->connections[i]);
    pthread_mutex_destroy(&redis->mutex);
    arena_release(&redis->arena);
    free(redis);
}

struct text redis_key(const struct redis *redis, struct arena *arena, struct text name)
{
    return arena_format(arena, "%.*s%.*s", TEXT_ARGUMENTS(redis->prefix), TEXT_ARGUMENTS(name));
}

/* That of the loop that the fiber runs in; NULL outside of one. */
static struct redis_connection *connection_of(struct redis *redis)
{
    const struct loop *loop = loop_current();
    if (loop == NULL || fiber_current() == NULL || loop_index(loop) >= redis->loops)
        return NULL;
    return &redis->connections[loop_index(loop)];
}

int redis_command(struct redis *redis, struct arena *arena, struct redis_words words,
                  struct redis_answer *ret_answer)
{
    struct redis_connection *connection = connection_of(redis);
    if (connection == NULL)
        return ERROR_UNAVAILABLE;
    return redis_connection_run(connection, arena, words, ret_answer);
}

void redis_send(struct redis *redis, struct redis_words words)
{
    struct redis_connection *connection = connection_of(redis);
    if (connection != NULL)
        redis_connection_send(connection, words);
}

/* What the log and others hear. */

void redis_note_down(struct redis *redis, const char *reason)
{
    pthread_mutex_lock(&redis->mutex);
    redis->down++;
    snprintf(redis->reason, sizeof redis->reason, "%s", reason);
    bool first = !redis->reported;
    redis->reported = true;
    pthread_mutex_unlock(&redis->mutex);
    if (first)
        log_warning("Redis: %s; doing without it until it is back", reason);
}

void redis_note_up(struct redis *redis)
{
    pthread_mutex_lock(&redis->mutex);
    redis->down--;
    bool last = redis->reported && redis->down == 0;
    if (last)
        redis->reported = false;
    pthread_mutex_unlock(&redis->mutex);
    if (last)
        log_info("Redis: in use again");
}

bool redis_is_up(struct redis *redis, char *reason, size_t size)
{
    pthread_mutex_lock(&redis->mutex);
    bool up = redis->down == 0;
    if (!up)
        snprintf(reason, size, "%s", redis->reason);
    pthread_mutex_unlock(&redis->mutex);
    return up;
}

static uint64_t sum(const struct redis *redis, size_t offset)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < redis->loops; i++) {
        const char *connection = (const char *)&redis->connections[i];
        total += atomic_load_explicit((const _Atomic uint64_t *)(connection + offset),
                                      memory_order_relaxed);
    }
    return total;
}

void redis_write_metrics(struct redis *redis, struct buffer *out)
{
    static const char *const outcomes[REDIS_OUTCOMES] = {"answered", "late", "failed", "skipped"};
    char reason[REDIS_REASON_SIZE];
    buffer_add_string(out, "# HELP redis_commands_total Commands, and those that were not sent "
                           "while Redis was away.\n"
                           "# TYPE redis_commands_total counter\n");
    for (size_t i = 0; i < REDIS_OUTCOMES; i++)
        buffer_format(out, "redis_commands_total{outcome=\"%s\"} %ju\n", outcomes[i],
                      (uintmax_t)sum(redis, offsetof(struct redis_connection, outcomes) +
                                                i * sizeof(uint64_t)));
    uint64_t time = sum(redis, offsetof(struct redis_connection, microseconds));
    buffer_format(out,
                  "# HELP redis_command_seconds_total How long the answered ones took.\n"
                  "# TYPE redis_command_seconds_total counter\n"
                  "redis_command_seconds_total %ju.%06ju\n"
                  "# HELP redis_up Whether Redis is in use.\n"
                  "# TYPE redis_up gauge\n"
                  "redis_up %d\n",
                  (uintmax_t)(time / 1000000), (uintmax_t)(time % 1000000),
                  redis_is_up(redis, reason, sizeof reason));
}
