/*
 * address.h: whose request it is.
 *
 * An address is 16 bytes; an IPv4 address is kept as IPv4-mapped IPv6 (::ffff:a.b.c.d).
 */
#ifndef ERRAND_HTTP_ADDRESS_H
#define ERRAND_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/text.h"

struct address {
    uint8_t bytes[16];
};

/* A set of networks, from TRUSTED_PROXIES. */
struct address_set;

/* address_set_parse: a comma list of addresses and networks (a.b.c.d/n); ERROR_INVALID. The set
 * lives in `arena`. */
int address_set_parse(struct arena *arena, struct text list, struct address_set **ret_set);
bool address_set_has(const struct address_set *set, const struct address *address);

/* address_from_socket: all zeros for a family that has none. */
struct address address_from_socket(const struct sockaddr *socket);

/* address_parse: an IPv4 or IPv6 address as text. ERROR_INVALID. */
int address_parse(struct text text, struct address *ret_address);

/* address_of_client: the peer's, or, when the peer is a trusted proxy, the last address of
 * X-Forwarded-For that is none: what stands further left is only what somebody claimed. */
struct address address_of_client(const struct address *peer, struct text forwarded_for,
                                 const struct address_set *trusted);

/* address_network: the address without what one subscriber may vary at will: an IPv6 address's
 * last 64 bits. For limits. */
struct address address_network(const struct address *address);

#endif
