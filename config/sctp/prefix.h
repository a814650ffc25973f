/* An address prefix: "10.0.0.0/8", "2001:db8::/32"; an address alone is one that covers itself. */
#ifndef JUNCTOR_CONFIG_SCTP_PREFIX_H
#define JUNCTOR_CONFIG_SCTP_PREFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "config/sctp/address.h"

#ifdef __cplusplus
extern "C" {
#endif

struct net_prefix {
    struct net_addr address; /* its port is 0, and so are the bits behind the prefix */
    unsigned bits;
};

#define NET_PREFIX_TEXT (NET_ADDR_TEXT + 4)

/* False: it is none, and *out is unchanged. Bits behind the prefix are an error, too: "10.0.0.1/8". Never
 * blocks. */
bool net_prefix_parse(const char *text, struct net_prefix *out);
const char *net_prefix_format(const struct net_prefix *p, char *out, size_t size);
bool net_prefix_equal(const struct net_prefix *a, const struct net_prefix *b);

/* Whether an address, whatever its port, begins with the prefix. An IPv4 address that is written as IPv6
 * (::ffff:10.0.0.1) counts as IPv4. */
bool net_prefix_covers(const struct net_prefix *p, const struct net_addr *a);

#ifdef __cplusplus
}
#endif
#endif
