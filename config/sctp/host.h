/* A remote host as people write it: a numeric address, or a name that has its addresses in the DNS,
 * /etc/hosts or another source of names. Here is only the form of a name; looking one up is
 * transport/resolve.h. */
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

/* True where `text` has the form of a host name (RFC 1123 2.1): labels of 1 to 63 letters, digits and hyphens
 * inside, joined by dots, perhaps with a dot at the end. A last label that is a number, such as in
 * "127.0.0.300", "10.1.2" or "0x7f000001", makes it a mistyped address and no name: no top-level domain is a
 * number. Whether the name exists is another matter. Never blocks. */
bool net_host_name_valid(const char *text);

#ifdef __cplusplus
}
#endif
#endif
