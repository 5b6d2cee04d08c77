#include "domain/weather.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "cache/cache.h"
#include "domain/fold.h"
#include "net/net.h"
#include "runtime/wait.h"
#include "schema/json_tree.h"

enum {
    URL_LIMIT = 8192,
    ANSWER_LIMIT = 64 << 10, /* bytes; the real ones have some 500 */
    VALUE_LIMIT = 512,       /* bytes of the JSON that is kept */
    CONDITION_LIMIT = 60,    /* characters */
    FAILURES_IN_A_ROW = 5,   /* then it is out of order, and nobody waits for it */
};

#define PATIENCE (2 * CLOCK_SECOND)
#define ANSWER_LIFETIME CLOCK_HOUR
#define FAILURE_LIFETIME (30 * CLOCK_SECOND)
#define REFUSED_KEY_PAUSE (10 * CLOCK_MINUTE)
#define TOO_MANY_PAUSE CLOCK_MINUTE
#define COMPLAINT_INTERVAL (10 * CLOCK_SECOND)

/* One who waits for another's request; on the waiter's stack. */
struct waiter {
    struct waiter *next;
    struct completion done;
    char value[VALUE_LIMIT];
    size_t length;
};

/* A request under way; on the stack of the one who makes it. */
struct flight {
    struct flight *next;
    struct text city; /* folded */
    struct waiter *waiters;
};

struct weather {
    const struct config *config;
    pthread_mutex_t mutex; /* of all that follows */
    struct flight *flights;
    unsigned failures;    /* in a row, of any cities */
    int64_t paused_until; /* clock_monotonic(): nothing is asked before */
    int64_t quiet_until;  /* and nothing said about a city */
    uint64_t unsaid;      /* complaints since the last one in the log */
};

struct weather *weather_create(const struct config *config)
{
    if (config->weather_key == NULL || config->weather_url == NULL) {
        log_info("OPENWEATHER_API_KEY is not set: tasks get no weather");
        return NULL;
    }
    struct weather *weather = memory_allocate(sizeof *weather);
    weather->config = config;
    pthread_mutex_init(&weather->mutex, NULL);
    return weather;
}

void weather_free(struct weather *weather)
{
    if (weather == NULL)
        return;
    pthread_mutex_destroy(&weather->mutex);
    free(weather);
}

/* The log, which a flood of failures must not fill. */
static void complain(struct weather *weather, enum log_level level, struct text city,
                     struct text reason)
{
    int64_t now = clock_monotonic();
    pthread_mutex_lock(&weather->mutex);
    bool quiet = now < weather->quiet_until;
    uint64_t unsaid = weather->unsaid;
    weather->unsaid = quiet ? unsaid + 1 : 0;
    if (!quiet)
        weather->quiet_until = now + COMPLAINT_INTERVAL;
    pthread_mutex_unlock(&weather->mutex);
    if (quiet)
        return;
    if (unsaid == 0)
        log_write(level, "no weather for \"%.*s\": %.*s", TEXT_ARGUMENTS(city),
                  TEXT_ARGUMENTS(reason));
    else
        log_write(level, "no weather for \"%.*s\": %.*s (and for %ju cities since the last line)",
                  TEXT_ARGUMENTS(city), TEXT_ARGUMENTS(reason), (uintmax_t)unsaid);
}

static void pause_asking(struct weather *weather, int64_t time, const char *reason)
{
    int64_t now = clock_monotonic();
    pthread_mutex_lock(&weather->mutex);
    bool paused = now < weather->paused_until;
    weather->paused_until = now + time;
    pthread_mutex_unlock(&weather->mutex);
    if (!paused)
        log_warning("no weather for %jd s: %s", (intmax_t)(time / CLOCK_SECOND), reason);
}

/* A request that failed, or one that did not. */
static void count_failure(struct weather *weather, bool failed)
{
    pthread_mutex_lock(&weather->mutex);
    weather->failures = failed ? weather->failures + 1 : 0;
    bool out_of_order = weather->failures >= FAILURES_IN_A_ROW;
    pthread_mutex_unlock(&weather->mutex);
    if (out_of_order)
        pause_asking(weather, FAILURE_LIFETIME, "the service fails again and again");
}

static bool is_paused(struct weather *weather)
{
    pthread_mutex_lock(&weather->mutex);
    bool paused = weather->paused_until != 0 && clock_monotonic() < weather->paused_until;
    pthread_mutex_unlock(&weather->mutex);
    return paused;
}

/* The answer. */

static bool read_number(const json_t *object, const char *name, double least, double most,
                        double *ret_number)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_number(value))
        return false;
    double number = json_number_value(value);
    if (!(number >= least && number <= most))
        return false;
    *ret_number = number;
    return true;
}

static void put_number(struct json *json, const char *name, const json_t *object,
                       const char *member, double most)
{
    double number;
    json_key(json, name);
    if (read_number(object, member, 0, most, &number))
        json_put_real(json, number);
    else
        json_put_null(json);
}

/* The group that OpenWeather puts the weather into (Clear, Clouds, Rain...). */
static struct text read_condition(const json_t *answer)
{
    const json_t *weather = json_array_get(json_object_get(answer, "weather"), 0);
    const json_t *group = json_object_get(weather, "main");
    if (!json_is_string(group))
        return TEXT("");
    struct text text = {json_string_value(group), json_string_length(group)};
    if (text_has_nul(text))
        return TEXT("");
    return text_prefix(text_trim(text), CONDITION_LIMIT);
}

/* What is kept of an answer; ERROR_INVALID when temperature or condition cannot be true. */
static int read_answer(struct arena *arena, struct text body, struct text *ret_value)
{
    const json_t *answer;
    double temperature;
    if (json_tree_parse(arena, body, &answer, NULL) < 0)
        return ERROR_INVALID;
    const json_t *main_part = json_object_get(answer, "main");
    struct text condition = read_condition(answer);
    if (!read_number(main_part, "temp", -150, 150, &temperature) || condition.length == 0)
        return ERROR_INVALID;
    struct buffer buffer;
    struct json json;
    buffer_init(&buffer, arena, VALUE_LIMIT);
    json_init(&json, &buffer);
    json_begin_object(&json);
    json_key(&json, "temperature");
    json_put_real(&json, temperature);
    json_key(&json, "condition");
    json_put_text(&json, condition);
    put_number(&json, "humidity", main_part, "humidity", 100);
    put_number(&json, "wind_speed", json_object_get(answer, "wind"), "speed", 500);
    json_key(&json, "fetched_at");
    json_put_timestamp(&json, clock_now());
    json_end_object(&json);
    if (buffer_overflowed(&buffer))
        return ERROR_INVALID;
    *ret_value = buffer_text(&buffer);
    return 0;
}

/* What came of asking: the value, empty for none, and how long that holds. */
struct outcome {
    struct text value;
    int64_t lifetime;
};

static const struct outcome failure = {TEXT(""), FAILURE_LIFETIME};

static struct outcome fail(struct weather *weather, struct text city, struct text reason)
{
    complain(weather, LOG_LEVEL_WARNING, city, reason);
    count_failure(weather, true);
    return failure;
}

static struct outcome judge(struct weather *weather, struct arena *arena, struct text city,
                            const struct net_answer *answer)
{
    struct outcome outcome = {TEXT(""), ANSWER_LIFETIME};
    switch (answer->status) {
    case 200:
        if (read_answer(arena, answer->body, &outcome.value) < 0)
            return fail(weather, city, TEXT("the answer makes no sense"));
        count_failure(weather, false);
        return outcome;
    case 404:
        count_failure(weather, false);
        complain(weather, LOG_LEVEL_INFO, city, TEXT("the service knows no such city"));
        return outcome;
    case 401:
    case 403:
        pause_asking(weather, REFUSED_KEY_PAUSE, "the service refuses OPENWEATHER_API_KEY");
        return failure;
    case 429:
        pause_asking(weather, TOO_MANY_PAUSE, "the service was asked too often for this key");
        return failure;
    default:
        return fail(weather, city, arena_format(arena, "the service answers %d", answer->status));
    }
}

/* The request. */

static const char *url_of(const struct weather *weather, struct arena *arena, struct text city)
{
    const char *base = weather->config->weather_url;
    struct buffer url;
    buffer_init(&url, arena, URL_LIMIT);
    buffer_add_string(&url, base);
    buffer_add_string(&url, strchr(base, '?') == NULL ? "?q=" : "&q=");
    buffer_add_encoded(&url, city);
    buffer_add_string(&url, "&units=metric&appid=");
    buffer_add_encoded(&url, text_from(weather->config->weather_key));
    buffer_add_char(&url, '\0');
    return buffer_overflowed(&url) ? "" : url.data;
}

static struct outcome ask(struct services *services, struct arena *arena, struct text city)
{
    struct weather *weather = services->weather;
    const struct net_request request = {
        .url = url_of(weather, arena, city),
        .timeout = PATIENCE,
        .limit = ANSWER_LIMIT,
    };
    struct net_answer answer;
    struct text message;
    int error = net_fetch(services->net, arena, &request, &answer, &message);
    if (error == 0)
        return judge(weather, arena, city, &answer);
    if (error == ERROR_CANCELLED) /* we are shutting down */
        return (struct outcome){TEXT(""), 0};
    return fail(weather, city, message);
}

/* Who asks. */

/* Joins the flight for a city, as `waiter`, or else begins it; false when it was joined. */
static bool begin_flight(struct weather *weather, struct flight *flight, struct waiter *waiter)
{
    pthread_mutex_lock(&weather->mutex);
    struct flight *other = weather->flights;
    while (other != NULL && !text_equal(other->city, flight->city))
        other = other->next;
    if (other != NULL) {
        completion_init(&waiter->done);
        waiter->next = other->waiters;
        other->waiters = waiter;
    } else {
        flight->next = weather->flights;
        weather->flights = flight;
    }
    pthread_mutex_unlock(&weather->mutex);
    return other == NULL;
}

static void end_flight(struct weather *weather, struct flight *flight, struct text value)
{
    pthread_mutex_lock(&weather->mutex);
    struct flight **place = &weather->flights;
    while (*place != flight)
        place = &(*place)->next;
    *place = flight->next;
    pthread_mutex_unlock(&weather->mutex);
    struct waiter *waiter = flight->waiters;
    while (waiter != NULL) {
        struct waiter *next = waiter->next; /* it is gone once it was told */
        memcpy(waiter->value, value.data, value.length);
        waiter->length = value.length;
        completion_signal(&waiter->done, 0);
        waiter = next;
    }
}

/* The value by a request of one's own, or by that of another who asks for the same city. */
static struct text find_out(struct services *services, struct arena *arena, struct text city,
                            struct text folded, struct text key)
{
    struct weather *weather = services->weather;
    struct flight flight = {.city = folded};
    struct waiter waiter;
    if (!begin_flight(weather, &flight, &waiter)) {
        wait_done(&waiter.done);
        return arena_copy(arena, (struct text){waiter.value, waiter.length});
    }
    /* Another flight may have ended just before this one began. */
    struct text value;
    if (!cache_get(services->cache, arena, key, &value)) {
        struct outcome outcome = ask(services, arena, city);
        if (outcome.lifetime > 0)
            cache_put(services->cache, key, outcome.value, outcome.lifetime);
        value = outcome.value;
    }
    end_flight(weather, &flight, value);
    return value;
}

struct text weather_fetch(struct services *services, struct arena *arena, struct text city)
{
    if (services->weather == NULL || is_paused(services->weather))
        return TEXT_NULL;
    struct text folded = text_fold(arena, city);
    struct text key = arena_format(arena, "weather:%.*s", TEXT_ARGUMENTS(folded));
    struct text value;
    if (!cache_get(services->cache, arena, key, &value))
        value = find_out(services, arena, city, folded, key);
    return value.length > 0 ? value : TEXT_NULL;
}
