/* A remote host as written by a user: a numeric address, or a name whose addresses are in the DNS, /etc/hosts
 * or another name service. This is only the syntax of names; transport/resolve.h looks them up. */
#ifndef JUNCTOR_CONFIG_SCTP_HOST_H
#define JUNCTOR_CONFIG_SCTP_HOST_H

#include <stdbool.h>

#include "config/sctp/address.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NET_HOST_NAME_MAX 253 /* characters; one more with the dot at the end (RFC 1035 2.3.4) */

struct net_host {
    const char *name;        /* NULL: numeric */
    struct net_addr address; /* numeric: with its port */
};

/* True if `text` has the syntax of a host name (RFC 1123 2.1): labels of 1 to 63 letters, digits and hyphens
 * inside, joined by dots, perhaps with a dot at the end. If the last label is a number, as in "127.0.0.300",
 * "10.1.2" or "0x7f000001", it is a mistyped address and not a name: no top-level domain is a number. Does
 * not check whether the name exists. Never blocks. */
bool net_host_name_valid(const char *text);

#ifdef __cplusplus
}
#endif
#endif
