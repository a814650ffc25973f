/* A peer that is one of the broker's own listeners. */
#include "config/config.h"

#include <string.h>

bool cfg_is_wildcard(const struct net_addr *a)
{
    if (a->sa.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
    return a->in4.sin_addr.s_addr == INADDR_ANY;
}

static bool is_loopback(const struct net_addr *a)
{
    if (a->sa.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
    return ntohl(a->in4.sin_addr.s_addr) >> 24 == 127;
}

static bool takes_family(const struct net_addr *listens, const struct net_addr *a)
{
    return listens->sa.sa_family == AF_INET6 || a->sa.sa_family == AF_INET;
}

static bool same_network(const struct cfg_listener *l, const struct cfg_peer *p)
{
    return l->netns && p->netns ? strcmp(l->netns, p->netns) == 0 : !l->netns && !p->netns;
}

bool cfg_may_be_own(const struct cfg_listener *l, const struct cfg_peer *p, bool over_udp)
{
    return l->port == p->port && (!over_udp || l->encaps_port == p->encaps_port) && !l->device &&
           same_network(l, p);
}

bool cfg_is_own(const struct cfg_listener *l, const struct cfg_peer *p, const struct net_addr *a,
                bool over_udp)
{
    if (!cfg_may_be_own(l, p, over_udp))
        return false;
    for (unsigned i = 0; i < l->address_count; i++)
        if (net_addr_equal(&l->addresses[i], a) ||
            (cfg_is_wildcard(&l->addresses[i]) && is_loopback(a) && takes_family(&l->addresses[i], a)))
            return true;
    return false;
}
