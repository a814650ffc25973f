/* An IP address with a port, as every folder passes it around. A value: copies by assignment. */
#ifndef JUNCTOR_CONFIG_SCTP_ADDRESS_H
#define JUNCTOR_CONFIG_SCTP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what is declared here is exported by the library, nothing else */

struct net_addr {
    union {
        struct sockaddr sa;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
    };
};

#define NET_ADDR_TEXT 64 /* enough for "[ipv6%scope]:port" and its NUL */

/* Parses a numeric IPv4 or IPv6 address ("127.0.0.1", "::1", "fe80::1%eth0"); no name lookup, never blocks.
 * False if `text` is not an address; *out is then unchanged. */
bool net_addr_parse(const char *text, uint16_t port, struct net_addr *out);

/* "127.0.0.1:2905", "[::1]:2905"; without the port (and brackets) if it is 0. Returns `out`. */
const char *net_addr_format(const struct net_addr *a, char *out, size_t size);

bool net_addr_equal(const struct net_addr *a, const struct net_addr *b); /* address and port */
uint16_t net_addr_port(const struct net_addr *a);
void net_addr_set_port(struct net_addr *a, uint16_t port);
socklen_t net_addr_len(const struct net_addr *a);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
