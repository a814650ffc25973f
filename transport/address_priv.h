/* Two ways to write one address. Private to transport/. */
#ifndef JUNCTOR_TRANSPORT_ADDRESS_PRIV_H
#define JUNCTOR_TRANSPORT_ADDRESS_PRIV_H

#include <string.h>

#include "config/sctp/address.h"

/* ::ffff:a.b.c.d becomes a.b.c.d; other addresses stay. */
static inline void tr_address_unmap(struct net_addr *a)
{
    if (a->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
        return;
    struct net_addr v4 = {.in4 = {.sin_family = AF_INET, .sin_port = a->in6.sin6_port}};
    memcpy(&v4.in4.sin_addr, &a->in6.sin6_addr.s6_addr[12], 4);
    *a = v4;
}

/* True where they mean the same address and port, however they are written. */
static inline bool tr_address_same(struct net_addr a, struct net_addr b)
{
    tr_address_unmap(&a);
    tr_address_unmap(&b);
    return net_addr_equal(&a, &b);
}

#endif
