/*
 * address.h: where a broker is, from a URL:
 *
 *     amqp://USER:PASSWORD@HOST:PORT/VIRTUAL_HOST?heartbeat=30
 *     amqps://...?cacertfile=PATH&certfile=PATH&keyfile=PATH
 *
 * What is missing is guest, guest, localhost, 5672 (5671 for amqps) and the virtual host /. Names
 * are percent-encoded. The options behind the question mark are named as RabbitMQ names them.
 */
#ifndef ERRAND_QUEUE_ADDRESS_H
#define ERRAND_QUEUE_ADDRESS_H

#include <stdbool.h>

#include "base/arena.h"

struct queue_address {
    const char *user;
    const char *password;
    const char *host;
    const char *virtual_host;
    int port;
    bool tls;
    int heartbeat;           /* seconds */
    const char *authorities; /* a file: who may vouch for the broker's certificate */
    const char *certificate; /* of this client; NULL for none */
    const char *key;
    const char *shown; /* the URL without its password */
};

/* queue_address_parse: the texts live in the arena. ERROR_INVALID with what is wrong, which repeats
 * nothing of the URL. */
int queue_address_parse(struct queue_address *ret_address, struct arena *arena, const char *url,
                        struct text *ret_message);

#endif
