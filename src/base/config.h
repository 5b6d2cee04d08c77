/*
 * config.h: every option of errand, described once.
 *
 * An option is one row of the table in config.c: its name, type, default, bounds and help. From the
 * row come reading it from the environment and from `.env`, the check of its value, and its line in
 * `errand --help`. To add one: a member here and a row there.
 *
 * A struct config is written once, before any thread starts, and only read from then on. Its
 * strings live in the arena given to config_load.
 */
#ifndef ERRAND_BASE_CONFIG_H
#define ERRAND_BASE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"

/* The values of options that name one of several; each order is that of the table's list. */
enum config_algorithm { ALGORITHM_HS256, ALGORITHM_HS384, ALGORITHM_HS512 };
enum config_policy { PASSWORD_POLICY_CONTRACT, PASSWORD_POLICY_STRICT };
enum config_surface {
    CONFIG_SURFACE_V1,
    CONFIG_SURFACE_CLASSIC,
    CONFIG_SURFACE_PORTFOLIO,
    CONFIG_SURFACE_FLASK,
};

struct config {
    const char *host;
    int64_t port;
    int64_t threads; /* 0: one for each core */
    int64_t max_connections;
    int64_t idle_timeout;    /* seconds */
    int64_t request_timeout; /* seconds */
    int64_t drain_timeout;   /* seconds */
    int64_t max_body_size;   /* bytes */
    int64_t surfaces;        /* bit n: enum config_surface n is served */
    const char *cors_origins;
    const char *trusted_proxies;

    const char *database_url;
    const char *redis_url; /* NULL or empty when not set */
    int64_t redis_timeout; /* milliseconds */

    const char *secret_key;     /* NULL when not set */
    int64_t algorithm;          /* enum config_algorithm */
    int64_t token_lifetime;     /* minutes */
    int64_t bcrypt_cost;        /* base-two logarithm of the rounds */
    int64_t password_policy;    /* enum config_policy */
    const char *admin_username; /* NULL when not set */
    const char *admin_password; /* NULL when not set */

    int64_t limit_anonymous;
    int64_t limit_user;
    int64_t limit_login;
    int64_t limit_register;
    int64_t limit_upload;

    const char *upload_dir;
    int64_t max_upload_size; /* bytes */
    const char *allowed_extensions;
    const char *s3_endpoint; /* NULL, as the next three, when files stay in upload_dir */
    const char *s3_bucket;
    const char *s3_access_key;
    const char *s3_secret_key;
    const char *s3_region;
    int64_t s3_timeout; /* seconds */

    const char *weather_key; /* NULL when not set */
    const char *weather_url;
    const char *external_url; /* NULL when not set */
    int64_t external_timeout; /* seconds */

    int64_t workers;          /* threads that carry out jobs; 0: none in this process */
    int64_t job_queue_limit;  /* jobs that may wait */
    int64_t job_max_attempts; /* of a job that does not say */
    int64_t job_time_limit;   /* seconds of one attempt */
    int64_t job_lease;        /* seconds until a worker that is not heard of is taken for dead */
    int64_t job_result_ttl;   /* seconds that a job is kept once it is over */
    const char *rabbitmq_url; /* NULL or "" when no broker carries jobs */
    const char *job_external_operations; /* comma list */

    int64_t live_ping;         /* seconds */
    int64_t live_connections;  /* at once */
    int64_t live_per_user;     /* likewise */
    int64_t live_queue_size;   /* bytes */
    int64_t live_replay_limit; /* rows of the log */

    int64_t log_level; /* enum log_level */
    int64_t log_json;
    const char *log_file;
};

/*
 * config_load: reads the environment and then, for what is not set there, the file at `env_path`
 * (which need not exist). ERROR_INVALID with a message for the user in `*ret_message` when a value
 * is bad, an option in the file is unknown, or the file cannot be parsed.
 */
int config_load(struct config *config, struct arena *arena, const char *env_path,
                struct text *ret_message);

/* config_print_help: a line or two for every option, as `errand --help` shows them. */
void config_print_help(FILE *out);

/* config_is_loopback: whether HOST is reachable from this machine only. */
bool config_is_loopback(const struct config *config);

#endif
