#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/error.h"

enum { NETWORKS_LIMIT = 64 };

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

struct network {
    struct address address;
    int64_t bits; /* of the 128 that count */
};

struct address_set {
    struct network networks[NETWORKS_LIMIT];
    size_t count;
};

static struct address from_ipv4(const struct in_addr *ipv4)
{
    struct address address;
    memcpy(address.bytes, mapped_prefix, sizeof mapped_prefix);
    memcpy(address.bytes + sizeof mapped_prefix, ipv4, sizeof *ipv4);
    return address;
}

static bool is_ipv4(const struct address *address)
{
    return memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

int address_parse(struct text text, struct address *ret_address)
{
    char string[INET6_ADDRSTRLEN];
    if (text.length == 0 || text.length >= sizeof string)
        return ERROR_INVALID;
    memcpy(string, text.data, text.length);
    string[text.length] = '\0';
    struct in_addr ipv4;
    if (inet_pton(AF_INET, string, &ipv4) == 1) {
        *ret_address = from_ipv4(&ipv4);
        return 0;
    }
    return inet_pton(AF_INET6, string, ret_address->bytes) == 1 ? 0 : ERROR_INVALID;
}

static int network_parse(struct text text, struct network *ret_network)
{
    struct text host;
    text_split(&text, '/', &host);
    if (address_parse(host, &ret_network->address) < 0)
        return ERROR_INVALID;
    int64_t width = is_ipv4(&ret_network->address) ? 32 : 128;
    int64_t bits = width;
    if (text.data != NULL && text_parse_integer(text, &bits) < 0)
        return ERROR_INVALID;
    if (bits < 0 || bits > width)
        return ERROR_INVALID;
    ret_network->bits = bits + 128 - width;
    return 0;
}

int address_set_parse(struct arena *arena, struct text list, struct address_set **ret_set)
{
    struct address_set *set = arena_allocate_zeroed(arena, sizeof *set);
    struct text piece;
    while (text_split(&list, ',', &piece)) {
        piece = text_trim(piece);
        if (piece.length == 0)
            continue;
        if (set->count == NETWORKS_LIMIT || network_parse(piece, &set->networks[set->count]) < 0)
            return ERROR_INVALID;
        set->count++;
    }
    *ret_set = set;
    return 0;
}

static bool network_has(const struct network *network, const struct address *address)
{
    size_t whole = (size_t)network->bits / 8;
    unsigned rest = (unsigned)network->bits % 8;
    if (memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    if (rest == 0)
        return true;
    return (network->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

bool address_set_has(const struct address_set *set, const struct address *address)
{
    for (size_t i = 0; i < set->count; i++) {
        if (network_has(&set->networks[i], address))
            return true;
    }
    return false;
}

struct address address_from_socket(const struct sockaddr *socket)
{
    struct address address = {{0}};
    if (socket->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, socket, sizeof ipv4);
        return from_ipv4(&ipv4.sin_addr);
    }
    if (socket->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, socket, sizeof ipv6);
        memcpy(address.bytes, &ipv6.sin6_addr, sizeof address.bytes);
    }
    return address;
}

struct address address_of_client(const struct address *peer, struct text forwarded_for,
                                 const struct address_set *trusted)
{
    struct address client = *peer;
    while (forwarded_for.length > 0 && address_set_has(trusted, &client)) {
        const char *comma = memrchr(forwarded_for.data, ',', forwarded_for.length);
        size_t start = comma == NULL ? 0 : (size_t)(comma - forwarded_for.data) + 1;
        struct text hop = {forwarded_for.data + start, forwarded_for.length - start};
        if (address_parse(text_trim(hop), &client) < 0)
            break;
        forwarded_for.length = comma == NULL ? 0 : start - 1;
    }
    return client;
}

struct address address_network(const struct address *address)
{
    struct address network = *address;
    if (!is_ipv4(address))
        memset(network.bytes + 8, 0, 8);
    return network;
}
