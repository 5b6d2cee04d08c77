/*
 * test_config.c: options from the environment and from a file.
 */
#include "base/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "support.h"

struct loading {
    struct arena arena;
    struct folder folder;
    struct config config;
    const char *path;
    struct text message;
};

/* What these tests set, and what they expect to have its default. */
static const char *const names[] = {
    "HOST",
    "PORT",
    "MAX_BODY_SIZE",
    "IDLE_TIMEOUT_SECONDS",
    "REQUEST_TIMEOUT_SECONDS",
    "DRAIN_SECONDS",
    "MAX_CONNECTIONS",
    "API_SURFACES",
    "SECRET_KEY",
    "ALGORITHM",
    "BCRYPT_COST",
    "PASSWORD_POLICY",
    "ADMIN_PASSWORD",
    "RATE_LIMIT_PER_MINUTE",
    "RATE_LIMIT_USER_PER_MINUTE",
    "RATE_LIMIT_LOGIN_PER_MINUTE",
    "RATE_LIMIT_REGISTER_PER_HOUR",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "OPENWEATHER_API_KEY",
    "WEATHER_API_URL",
    "EXTERNAL_API_URL",
    "REDIS_URL",
};

static void loading_init(struct loading *loading)
{
    arena_init(&loading->arena);
    folder_create(&loading->folder);
    loading->path = folder_file(&loading->folder, &loading->arena, ".env");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unsetenv(names[i]);
}

static void loading_release(struct loading *loading)
{
    folder_cleanup(&loading->folder);
    arena_release(&loading->arena);
}

#define LOADING(name)                                                                              \
    __attribute__((cleanup(loading_release))) struct loading name = {0};                           \
    loading_init(&name)

static int load(struct loading *loading)
{
    return config_load(&loading->config, &loading->arena, loading->path, &loading->message);
}

TEST(has_a_default_for_everything_but_secrets_and_names)
{
    LOADING(loading);
    assert_int_equal(load(&loading), 0);
    const struct config *config = &loading.config;
    assert_string_equal(config->host, "127.0.0.1");
    assert_int_equal(config->port, 8000);
    assert_int_equal(config->max_body_size, 1048576);
    assert_int_equal(config->idle_timeout, 75);
    assert_int_equal(config->request_timeout, 30);
    assert_int_equal(config->drain_timeout, 30);
    assert_int_equal(config->max_connections, 65536);
    assert_int_equal(config->algorithm, ALGORITHM_HS256);
    assert_int_equal(config->log_level, LOG_LEVEL_INFO);
    assert_int_equal(config->limit_anonymous, 60);
    assert_int_equal(config->limit_user, 100);
    assert_int_equal(config->limit_login, 5);
    assert_int_equal(config->limit_register, 10);
    assert_true((config->surfaces & 1 << CONFIG_SURFACE_V1) != 0);
    assert_true((config->surfaces & 1 << CONFIG_SURFACE_CLASSIC) != 0);
    assert_null(config->secret_key);
    assert_null(config->admin_password);
    assert_true(config_is_loopback(config));
}

TEST(the_environment_goes_before_the_file)
{
    LOADING(loading);
    file_write(loading.path, TEXT("PORT=1000\nHOST=0.0.0.0\nSECRET_KEY=\"of the file\"\n"));
    setenv("PORT", "2000", 1);
    assert_int_equal(load(&loading), 0);
    assert_int_equal(loading.config.port, 2000);
    assert_string_equal(loading.config.host, "0.0.0.0");
    assert_string_equal(loading.config.secret_key, "of the file");
    assert_false(config_is_loopback(&loading.config));
}

TEST(reads_choices_and_sets_whatever_their_case)
{
    LOADING(loading);
    file_write(loading.path, TEXT("LOG_FORMAT=JSON\nLOG_LEVEL=Error\nALGORITHM=hs512\n"
                                  "PASSWORD_POLICY=strict\nAPI_SURFACES= classic \n"));
    assert_int_equal(load(&loading), 0);
    assert_int_equal(loading.config.log_json, 1);
    assert_int_equal(loading.config.log_level, LOG_LEVEL_ERROR);
    assert_int_equal(loading.config.algorithm, ALGORITHM_HS512);
    assert_int_equal(loading.config.password_policy, PASSWORD_POLICY_STRICT);
    assert_int_equal(loading.config.surfaces, 1 << CONFIG_SURFACE_CLASSIC);
}

TEST(a_url_is_trimmed_and_an_empty_one_is_none)
{
    LOADING(loading);
    setenv("WEATHER_API_URL", "", 1);
    setenv("EXTERNAL_API_URL", " https://example.org:8443/a?b=c ", 1);
    assert_int_equal(load(&loading), 0);
    assert_null(loading.config.weather_url);
    assert_string_equal(loading.config.external_url, "https://example.org:8443/a?b=c");
}

TEST(a_bad_value_is_named_with_what_is_allowed)
{
    static const struct {
        const char *name;
        const char *value;
        const char *part; /* of the message */
    } rows[] = {
        {"PORT", "65536", "PORT must be a whole number from 0 to 65535, not \"65536\""},
        {"PORT", "-1", "PORT"},
        {"PORT", "80x", "PORT"},
        {"PORT", "", "PORT"},
        {"PORT", "99999999999999999999", "PORT"},
        {"BCRYPT_COST", "3", "from 4 to 16"},
        {"MAX_BODY_SIZE", "10", "MAX_BODY_SIZE"},
        {"RATE_LIMIT_PER_MINUTE", "many", "RATE_LIMIT_PER_MINUTE"},
        {"ALGORITHM", "none", "one of HS256,HS384,HS512"},
        {"LOG_LEVEL", "loud", "LOG_LEVEL"},
        {"WEATHER_API_URL", "example.org", "WEATHER_API_URL must be a URL of http or https"},
        {"WEATHER_API_URL", "http://", "not \"http://\""},
        {"WEATHER_API_URL", "https://?q", "WEATHER_API_URL"},
        {"EXTERNAL_API_URL", "ftp://example.org", "EXTERNAL_API_URL"},
        {"EXTERNAL_API_URL", "http://a b", "EXTERNAL_API_URL"},
        {"EXTERNAL_API_URL", "http://\303\251", "EXTERNAL_API_URL"},
        {"API_SURFACES", "v1,v2", "API_SURFACES must be a comma list of"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        LOADING(loading);
        setenv(rows[i].name, rows[i].value, 1);
        loading.config.port = 42;
        assert_int_equal(load(&loading), ERROR_INVALID);
        assert_non_null(strstr(loading.message.data, rows[i].part));
        assert_int_equal(loading.config.port, 42);
    }
}

TEST(an_unknown_name_in_the_file_is_named_with_its_line)
{
    LOADING(loading);
    file_write(loading.path, TEXT("PORT=1\nPROT=2\n"));
    assert_int_equal(load(&loading), ERROR_INVALID);
    assert_non_null(strstr(loading.message.data, ".env:2: unknown option PROT"));
}

TEST(names_of_compose_in_the_file_are_passed_over)
{
    LOADING(loading);
    file_write(loading.path, TEXT("COMPOSE_POSTGRES_PASSWORD=x\nPORT=7\n"));
    assert_int_equal(load(&loading), 0);
    assert_int_equal(loading.config.port, 7);
}

TEST(an_unknown_name_in_the_environment_is_somebody_elses)
{
    LOADING(loading);
    setenv("SOMETHING_ELSE", "1", 1);
    assert_int_equal(load(&loading), 0);
}

TEST(knows_which_addresses_are_of_this_machine_only)
{
    static const struct {
        const char *host;
        bool loopback;
    } rows[] = {
        {"127.0.0.1", true},  {"127.1.2.3", true}, {"::1", true},       {"localhost", true},
        {"0.0.0.0", false},   {"::", false},       {"10.0.0.1", false}, {"", false},
        {"128.0.0.1", false}, {"12.7.0.1", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config config = {.host = rows[i].host};
        assert_int_equal(config_is_loopback(&config), rows[i].loopback);
    }
}

TEST(help_names_every_option)
{
    char *printed;
    size_t size;
    FILE *out = open_memstream(&printed, &size);
    assert_non_null(out);
    config_print_help(out);
    fclose(out);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_non_null(strstr(printed, names[i]));
    free(printed);
}

UNIT_TESTS(cmocka_unit_test(has_a_default_for_everything_but_secrets_and_names),
           cmocka_unit_test(the_environment_goes_before_the_file),
           cmocka_unit_test(a_url_is_trimmed_and_an_empty_one_is_none),
           cmocka_unit_test(reads_choices_and_sets_whatever_their_case),
           cmocka_unit_test(a_bad_value_is_named_with_what_is_allowed),
           cmocka_unit_test(an_unknown_name_in_the_file_is_named_with_its_line),
           cmocka_unit_test(names_of_compose_in_the_file_are_passed_over),
           cmocka_unit_test(an_unknown_name_in_the_environment_is_somebody_elses),
           cmocka_unit_test(knows_which_addresses_are_of_this_machine_only),
           cmocka_unit_test(help_names_every_option))
