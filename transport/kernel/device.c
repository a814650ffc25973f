/* The addresses of a network device.
 *
 * SO_BINDTODEVICE settles where packets go out and come in, but an endpoint that is bound to no address still
 * tells its peers all that the host has, those of other devices too: its INIT and INIT ACK list paths that
 * lead nowhere. So an endpoint of a device that says nothing else is bound to the addresses of that device.
 */
#include "transport/kernel/kernel_priv.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

struct search {
    const char *device;
    bool ipv4, ipv6; /* which are wanted */
    struct net_addr *out;
    unsigned count;
};

static bool is_link_local(const struct net_addr *a)
{
    return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&a->in6.sin6_addr);
}

/* Link-local addresses lead to no peer but one that is called by such an address: left out. */
static void take(struct search *s, const struct ifaddrs *i)
{
    struct net_addr a = {0};
    if (i->ifa_addr == NULL || strcmp(i->ifa_name, s->device) != 0 || s->count == KERNEL_DEVICE_ADDRESSES)
        return;
    if (i->ifa_addr->sa_family == AF_INET && s->ipv4)
        memcpy(&a, i->ifa_addr, sizeof a.in4);
    else if (i->ifa_addr->sa_family == AF_INET6 && s->ipv6)
        memcpy(&a, i->ifa_addr, sizeof a.in6);
    else
        return;
    if (is_link_local(&a))
        return;
    kernel_clean_address(&a);
    s->out[s->count++] = a;
}

/* 0, or -1 with errno: ENODEV where there is no such device. */
static int look(void *arg)
{
    struct search *s = arg;
    struct ifaddrs *all;
    if (if_nametoindex(s->device) == 0 || getifaddrs(&all) != 0)
        return -1;
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
        take(s, i);
    freeifaddrs(all);
    return 0;
}

static bool is_wildcard(const struct net_addr *a)
{
    if (a->sa.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
    return a->in4.sin_addr.s_addr == INADDR_ANY;
}

bool kernel_means_device(const struct tr_open_params *p)
{
    return p->device != NULL &&
           (p->address_count == 0 || (p->address_count == 1 && is_wildcard(p->addresses)));
}

enum tr_code kernel_device_addresses(const struct tr_open_params *p, struct net_addr *out, unsigned *count,
                                     struct tr_error *error)
{
    bool only_ipv4 = p->address_count == 1 && p->addresses[0].sa.sa_family == AF_INET;
    struct search s = {p->device, true, !only_ipv4, out, 0};
    int failed;
    if (!kernel_run_in(p->netns, look, &s, &failed, error))
        return error != NULL ? error->code : TR_SYSTEM;
    int e = errno;
    if (failed != 0)
        return tr_fail(error, kernel_code(e), e, "looking for the addresses of device %s: %s", p->device,
                       strerror(e));
    if (s.count == 0)
        return tr_fail(error, TR_ADDR_UNKNOWN, EADDRNOTAVAIL,
                       "device %s has no %saddress to bind to; give it one, or name another device%s",
                       p->device, only_ipv4 ? "IPv4 " : "",
                       only_ipv4 ? ", or bind to \"::\", which means its IPv6 "
                                   "addresses too"
                                 : "");
    *count = s.count;
    return TR_OK;
}
