#include "base/config.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/env_file.h"
#include "base/error.h"

enum option_type {
    OPTION_TEXT,    /* const char * */
    OPTION_INTEGER, /* int64_t from minimum to maximum */
    OPTION_CHOICE,  /* int64_t, the position of the value in `choices` */
    OPTION_SET,     /* int64_t, a bit for each value named in a comma list of `choices` */
    OPTION_URL,     /* const char *, of http or https; NULL where the value is empty */
};

struct option {
    const char *name;
    enum option_type type;
    size_t offset;
    const char *default_value; /* NULL: none */
    const char *choices;       /* comma list */
    int64_t minimum;
    int64_t maximum;
    const char *help;
};

#define AT(member) offsetof(struct config, member)

static const struct option options[] = {
    {"HOST", OPTION_TEXT, AT(host), "127.0.0.1", NULL, 0, 0, "address to listen on"},
    {"PORT", OPTION_INTEGER, AT(port), "8000", NULL, 0, 65535,
     "port to listen on; 0: any free one"},
    {"THREADS", OPTION_INTEGER, AT(threads), "0", NULL, 0, 256,
     "event loops; 0: one for each core"},
    {"MAX_CONNECTIONS", OPTION_INTEGER, AT(max_connections), "65536", NULL, 1, 1 << 24,
     "open connections, over all loops"},
    {"IDLE_TIMEOUT_SECONDS", OPTION_INTEGER, AT(idle_timeout), "75", NULL, 1, 86400,
     "from connecting, or the last answer, to a complete request head"},
    {"REQUEST_TIMEOUT_SECONDS", OPTION_INTEGER, AT(request_timeout), "30", NULL, 1, 86400,
     "from a request's head to the end of its body"},
    {"DRAIN_SECONDS", OPTION_INTEGER, AT(drain_timeout), "30", NULL, 0, 3600,
     "how long SIGTERM waits for requests in flight"},
    {"MAX_BODY_SIZE", OPTION_INTEGER, AT(max_body_size), "1048576", NULL, 1024, 1 << 28,
     "bytes of a request body"},
    {"API_SURFACES", OPTION_SET, AT(surfaces), "v1,classic,portfolio,flask",
     "v1,classic,portfolio,flask", 0, 0, "which of the APIs are served"},
    {"CORS_ORIGINS", OPTION_TEXT, AT(cors_origins), "", NULL, 0, 0,
     "comma list of origins that browsers may call from, or *"},
    {"TRUSTED_PROXIES", OPTION_TEXT, AT(trusted_proxies), "", NULL, 0, 0,
     "comma list of addresses (or networks, a.b.c.d/n) whose X-Forwarded-For and -Proto count"},
    {"DATABASE_URL", OPTION_TEXT, AT(database_url), "sqlite:///./errand.db", NULL, 0, 0,
     "where the data lives: sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME"},
    {"REDIS_URL", OPTION_TEXT, AT(redis_url), NULL, NULL, 0, 0,
     "redis://USER:PASSWORD@HOST:PORT/NUMBER that several servers share cache and limits through"},
    {"REDIS_TIMEOUT_MS", OPTION_INTEGER, AT(redis_timeout), "50", NULL, 1, 10000,
     "how long it is waited for before the server goes on without"},
    {"SECRET_KEY", OPTION_TEXT, AT(secret_key), NULL, NULL, 0, 0,
     "signs the tokens; on a loopback address one is made and kept beside the database"},
    {"ALGORITHM", OPTION_CHOICE, AT(algorithm), "HS256", "HS256,HS384,HS512", 0, 0,
     "of the token signatures"},
    {"ACCESS_TOKEN_EXPIRE_MINUTES", OPTION_INTEGER, AT(token_lifetime), "60", NULL, 1, 525600,
     "life of a token"},
    {"BCRYPT_COST", OPTION_INTEGER, AT(bcrypt_cost), "12", NULL, 4, 16, "of password hashes"},
    {"PASSWORD_POLICY", OPTION_CHOICE, AT(password_policy), "contract", "contract,strict", 0, 0,
     "strict: an upper-case letter and a digit are asked on every API, not on /api/v1 alone"},
    {"ADMIN_USERNAME", OPTION_TEXT, AT(admin_username), NULL, NULL, 0, 0,
     "of the account that a first start creates (admin)"},
    {"ADMIN_PASSWORD", OPTION_TEXT, AT(admin_password), NULL, NULL, 0, 0,
     "of that account (Admin123, on a loopback address only)"},
    {"RATE_LIMIT_PER_MINUTE", OPTION_INTEGER, AT(limit_anonymous), "60", NULL, 0, 1000000000,
     "anonymous requests of one address; 0: no limit"},
    {"RATE_LIMIT_USER_PER_MINUTE", OPTION_INTEGER, AT(limit_user), "100", NULL, 0, 1000000000,
     "requests of one user; 0: no limit"},
    {"RATE_LIMIT_LOGIN_PER_MINUTE", OPTION_INTEGER, AT(limit_login), "5", NULL, 0, 1000000000,
     "logins of one address and user name; 0: no limit"},
    {"RATE_LIMIT_REGISTER_PER_HOUR", OPTION_INTEGER, AT(limit_register), "10", NULL, 0, 1000000000,
     "registrations of one address; 0: no limit"},
    {"RATE_LIMIT_UPLOAD_PER_HOUR", OPTION_INTEGER, AT(limit_upload), "20", NULL, 0, 1000000000,
     "uploads of one user; 0: no limit"},
    {"UPLOAD_DIR", OPTION_TEXT, AT(upload_dir), "./uploads", NULL, 0, 0,
     "folder of the uploaded files, of the servers of one database alone"},
    {"MAX_UPLOAD_SIZE", OPTION_INTEGER, AT(max_upload_size), "10485760", NULL, 1, INT64_C(1) << 40,
     "bytes of an uploaded file"},
    {"ALLOWED_EXTENSIONS", OPTION_TEXT, AT(allowed_extensions),
     ".jpg,.jpeg,.png,.gif,.pdf,.txt,.doc,.docx,.csv", NULL, 0, 0,
     "comma list of what the names of uploaded files may end in"},
    {"S3_ENDPOINT", OPTION_URL, AT(s3_endpoint), NULL, NULL, 0, 0,
     "URL of a store that speaks S3 and keeps the files, in place of UPLOAD_DIR"},
    {"S3_BUCKET", OPTION_TEXT, AT(s3_bucket), NULL, NULL, 0, 0, "of the files there"},
    {"S3_ACCESS_KEY", OPTION_TEXT, AT(s3_access_key), NULL, NULL, 0, 0, "of who may use it"},
    {"S3_SECRET_KEY", OPTION_TEXT, AT(s3_secret_key), NULL, NULL, 0, 0, "of who may use it"},
    {"S3_REGION", OPTION_TEXT, AT(s3_region), "us-east-1", NULL, 0, 0,
     "that requests are signed for"},
    {"S3_TIMEOUT_SECONDS", OPTION_INTEGER, AT(s3_timeout), "30", NULL, 1, 3600,
     "that a call may take, and one more for each MiB"},
    {"WORKERS", OPTION_INTEGER, AT(workers), "2", NULL, 0, 256,
     "threads of errand serve that carry out jobs; 0: only errand worker does"},
    {"JOB_QUEUE_LIMIT", OPTION_INTEGER, AT(job_queue_limit), "100000", NULL, 1, 1000000000,
     "jobs that may wait; more are refused"},
    {"JOB_MAX_ATTEMPTS", OPTION_INTEGER, AT(job_max_attempts), "5", NULL, 1, 25,
     "how often a job is tried that does not say"},
    {"JOB_TIME_LIMIT_SECONDS", OPTION_INTEGER, AT(job_time_limit), "300", NULL, 1, 86400,
     "how long one attempt may take"},
    {"JOB_LEASE_SECONDS", OPTION_INTEGER, AT(job_lease), "30", NULL, 2, 3600,
     "after how long a worker that is not heard of is taken for dead"},
    {"JOB_RESULT_TTL", OPTION_INTEGER, AT(job_result_ttl), "604800", NULL, 1, 315360000,
     "seconds that a job and its result are kept once it is over"},
    {"RABBITMQ_URL", OPTION_TEXT, AT(rabbitmq_url), NULL, NULL, 0, 0,
     "broker that carries jobs to workers: amqp://USER:PASSWORD@HOST:PORT/VIRTUAL_HOST, or amqps"},
    {"JOB_EXTERNAL_OPERATIONS", OPTION_TEXT, AT(job_external_operations), "", NULL, 0, 0,
     "comma list of operations that others carry out, who consume them from RABBITMQ_URL"},
    {"LIVE_PING_SECONDS", OPTION_INTEGER, AT(live_ping), "30", NULL, 1, 3600,
     "between two pings of a WebSocket, or signs of life of an event stream"},
    {"LIVE_CONNECTIONS", OPTION_INTEGER, AT(live_connections), "16384", NULL, 1, 1 << 24,
     "WebSockets and event streams that may be open at once"},
    {"LIVE_CONNECTIONS_PER_USER", OPTION_INTEGER, AT(live_per_user), "32", NULL, 1, 1 << 24,
     "likewise of one user"},
    {"LIVE_QUEUE_SIZE", OPTION_INTEGER, AT(live_queue_size), "262144", NULL, 1024, 1 << 30,
     "bytes that may wait for a slow listener until it is told to read everything anew"},
    {"LIVE_REPLAY_LIMIT", OPTION_INTEGER, AT(live_replay_limit), "10000", NULL, 0, 1000000000,
     "changes that a listener who was away may have missed without reading everything anew"},
    {"LOG_LEVEL", OPTION_CHOICE, AT(log_level), "info", "debug,info,warning,error", 0, 0,
     "the least important lines that are written"},
    {"LOG_FORMAT", OPTION_CHOICE, AT(log_json), "text", "text,json", 0, 0, "of the log lines"},
    {"LOG_FILE", OPTION_TEXT, AT(log_file), "app.log", NULL, 0, 0,
     "log file beside standard output; empty: none"},
    {"OPENWEATHER_API_KEY", OPTION_TEXT, AT(weather_key), NULL, NULL, 0, 0,
     "for the weather in the city of a task; without it tasks have none"},
    {"WEATHER_API_URL", OPTION_URL, AT(weather_url),
     "https://api.openweathermap.org/data/2.5/weather", NULL, 0, 0,
     "where the weather is asked, in the way of OpenWeather"},
    {"EXTERNAL_API_URL", OPTION_URL, AT(external_url), NULL, NULL, 0, 0,
     "what GET /async/external calls"},
    {"EXTERNAL_TIMEOUT_SECONDS", OPTION_INTEGER, AT(external_timeout), "10", NULL, 1, 300,
     "how long that may take"},
};

/* Of use only together. */
static const char *const group[] = {"S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY"};

enum { GROUP_COUNT = sizeof group / sizeof group[0] };

enum { OPTION_COUNT = sizeof options / sizeof options[0] };

static const struct option *option_find(struct text name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (text_is(name, options[i].name))
            return &options[i];
    }
    return NULL;
}

/* The position of `value` in a comma list, or -1. */
static int64_t choice_find(const char *choices, struct text value)
{
    struct text rest = text_from(choices);
    struct text choice;
    for (int64_t position = 0; text_split(&rest, ',', &choice); position++) {
        if (text_equal_ignoring_case(choice, value))
            return position;
    }
    return -1;
}

static int set_parse(const struct option *option, struct text value, int64_t *ret_bits)
{
    int64_t bits = 0;
    struct text piece;
    while (text_split(&value, ',', &piece)) {
        int64_t position = choice_find(option->choices, text_trim(piece));
        if (position < 0)
            return ERROR_INVALID;
        bits |= INT64_C(1) << position;
    }
    *ret_bits = bits;
    return 0;
}

/* Whether it has the form http://HOST... or https://HOST..., with nothing that needs an escape. */
static bool is_url(struct text value)
{
    size_t scheme = text_starts_with(value, TEXT("http://"))    ? strlen("http://")
                    : text_starts_with(value, TEXT("https://")) ? strlen("https://")
                                                                : 0;
    if (scheme == 0 || value.length == scheme || strchr("/?#:", value.data[scheme]) != NULL)
        return false;
    for (size_t i = scheme; i < value.length; i++) {
        if (value.data[i] <= ' ' || value.data[i] > '~')
            return false;
    }
    return true;
}

static int option_set(struct config *config, const struct option *option, const char *value,
                      struct arena *arena, struct text *ret_message)
{
    char *member = (char *)config + option->offset;
    struct text text = text_trim(text_from(value));
    int64_t number = 0;
    int error = 0;
    switch (option->type) {
    case OPTION_TEXT:
        *(const char **)member = value;
        return 0;
    case OPTION_URL:
        if (text.length > 0 && !is_url(text)) {
            *ret_message = arena_format(arena, "%s must be a URL of http or https, not \"%s\"",
                                        option->name, value);
            return ERROR_INVALID;
        }
        *(const char **)member = text.length > 0 ? arena_copy(arena, text).data : NULL;
        return 0;
    case OPTION_INTEGER:
        error = text_parse_integer(text, &number);
        if (error < 0 || number < option->minimum || number > option->maximum) {
            *ret_message = arena_format(
                arena, "%s must be a whole number from %jd to %jd, not \"%s\"", option->name,
                (intmax_t)option->minimum, (intmax_t)option->maximum, value);
            return ERROR_INVALID;
        }
        break;
    case OPTION_CHOICE:
        number = choice_find(option->choices, text);
        error = number < 0 ? ERROR_INVALID : 0;
        break;
    case OPTION_SET:
        error = set_parse(option, text, &number);
        break;
    }
    if (error < 0) {
        *ret_message = arena_format(arena, "%s must be %s %s, not \"%s\"", option->name,
                                    option->type == OPTION_SET ? "a comma list of" : "one of",
                                    option->choices, value);
        return error;
    }
    *(int64_t *)member = number;
    return 0;
}

/* check_file: checks that each name of the file is an option's, whatever the environment says, or
 * one of Docker Compose's, which reads the same file. */
static int check_file(const struct env_file *file, const char *path, struct arena *arena,
                      struct text *ret_message)
{
    for (size_t i = 0; i < file->count; i++) {
        struct text name = text_from(file->entries[i].name);
        if (option_find(name) == NULL && !text_starts_with(name, TEXT("COMPOSE_"))) {
            *ret_message = arena_format(arena, "%s:%d: unknown option %s (see errand --help)", path,
                                        file->entries[i].line, file->entries[i].name);
            return ERROR_INVALID;
        }
    }
    return 0;
}

/* check_group: checks that all of the group are set or none is. One that is empty is not. */
static int check_group(struct config *config, struct arena *arena, struct text *ret_message)
{
    const char *set = NULL;
    struct buffer missing;
    buffer_init(&missing, arena, 256);
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        const char **member =
            (const char **)((char *)config + option_find(text_from(group[i]))->offset);
        if (*member != NULL && **member == '\0')
            *member = NULL;
        if (*member != NULL)
            set = group[i];
        else
            buffer_format(&missing, "%s%s", missing.length == 0 ? "" : ", ", group[i]);
    }
    if (set == NULL || missing.length == 0)
        return 0;
    *ret_message = arena_format(arena, "%s is set, so %.*s must be set too", set,
                                TEXT_ARGUMENTS(buffer_text(&missing)));
    return ERROR_INVALID;
}

int config_load(struct config *config, struct arena *arena, const char *env_path,
                struct text *ret_message)
{
    struct config loaded = {0};
    struct env_file file;
    int error = env_file_read(&file, arena, env_path, ret_message);
    if (error < 0)
        return error;
    error = check_file(&file, env_path, arena, ret_message);
    if (error < 0)
        return error;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *value = getenv(options[i].name);
        if (value == NULL)
            value = env_file_find(&file, options[i].name);
        if (value == NULL)
            value = options[i].default_value;
        if (value == NULL)
            continue;
        error = option_set(&loaded, &options[i], value, arena, ret_message);
        if (error < 0)
            return error;
    }
    error = check_group(&loaded, arena, ret_message);
    if (error < 0)
        return error;
    *config = loaded;
    return 0;
}

void config_print_help(FILE *out)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options[i];
        fprintf(out, "  %-28s %s", option->name, option->help);
        if (option->default_value != NULL)
            fprintf(out, " [%s]", option->default_value);
        fputc('\n', out);
    }
}

bool config_is_loopback(const struct config *config)
{
    struct text host = text_from(config->host);
    return text_starts_with(host, TEXT("127.")) || text_is(host, "::1") ||
           text_is(host, "localhost");
}
