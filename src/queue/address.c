#include "queue/address.h"

#include <amqp.h>

#include "base/error.h"

enum { HEARTBEAT = 30, HEARTBEAT_LIMIT = 3600 };

static const char system_authorities[] = "/etc/ssl/certs/ca-certificates.crt";

static int take_option(struct queue_address *address, struct arena *arena, struct text option)
{
    const struct {
        const char *name;
        const char **member;
    } files[] = {
        {"cacertfile", &address->authorities},
        {"certfile", &address->certificate},
        {"keyfile", &address->key},
    };
    struct text name = text_before(option, '=');
    if (name.length == option.length)
        return ERROR_INVALID;
    struct text value = {option.data + name.length + 1, option.length - name.length - 1};
    if (text_is(name, "heartbeat")) {
        int64_t seconds;
        if (text_parse_integer(value, &seconds) < 0 || seconds < 1 || seconds > HEARTBEAT_LIMIT)
            return ERROR_INVALID;
        address->heartbeat = (int)seconds;
        return 0;
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (value.length > 0 && text_is(name, files[i].name)) {
            *files[i].member = arena_copy(arena, value).data;
            return 0;
        }
    }
    return ERROR_INVALID;
}

/* "amqp://errand:***@localhost:5672/virtual" */
static const char *describe(const struct queue_address *address, struct arena *arena)
{
    bool default_host = address->virtual_host[0] == '/' && address->virtual_host[1] == '\0';
    return arena_format(arena, "%s://%s:***@%s:%d/%s", address->tls ? "amqps" : "amqp",
                        address->user, address->host, address->port,
                        default_host ? "" : address->virtual_host)
        .data;
}

int queue_address_parse(struct queue_address *ret_address, struct arena *arena, const char *url,
                        struct text *ret_message)
{
    struct queue_address address = {.heartbeat = HEARTBEAT, .authorities = system_authorities};
    struct text rest = text_trim(text_from(url));
    struct text place = text_before(rest, '?');
    struct text options =
        place.length == rest.length
            ? TEXT_NULL
            : (struct text){rest.data + place.length + 1, rest.length - place.length - 1};
    struct amqp_connection_info info;
    if (amqp_parse_url((char *)arena_copy(arena, place).data, &info) != AMQP_STATUS_OK ||
        info.port < 1) {
        *ret_message =
            TEXT("must be a URL of the form amqp://USER:PASSWORD@HOST:PORT/VIRTUAL_HOST, or amqps");
        return ERROR_INVALID;
    }
    struct text option;
    while (text_split(&options, '&', &option)) {
        if (option.length > 0 && take_option(&address, arena, option) < 0) {
            *ret_message = TEXT("takes the options heartbeat (seconds), cacertfile, certfile and "
                                "keyfile behind a ?");
            return ERROR_INVALID;
        }
    }
    address.user = info.user;
    address.password = info.password;
    address.host = info.host;
    address.virtual_host = info.vhost[0] == '\0' ? "/" : info.vhost;
    address.port = info.port;
    address.tls = info.ssl != 0;
    address.shown = describe(&address, arena);
    *ret_address = address;
    return 0;
}
