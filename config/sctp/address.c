/* Addresses by their numeric text. Names are not looked up here: that can block (transport/resolve.h). */
#include "config/sctp/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/sctp/require.h"

/* The scope after "%": an interface's name or its index. 0 if there is no such interface. */
static uint32_t scope_id(const char *scope)
{
    size_t len = strlen(scope);
    if (len == 0 || len >= IFNAMSIZ)
        return 0;
    if (strspn(scope, "0123456789") == len)
        return (uint32_t)strtoul(scope, NULL, 10);
    return if_nametoindex(scope);
}

static bool parse_in6(const char *text, uint16_t port, struct net_addr *out)
{
    char host[INET6_ADDRSTRLEN];
    const char *percent = strchr(text, '%');
    size_t len = percent ? (size_t)(percent - text) : strlen(text);
    if (len >= sizeof host)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';

    struct net_addr a;
    memset(&a, 0, sizeof a);
    a.in6.sin6_family = AF_INET6;
    a.in6.sin6_port = htons(port);
    if (inet_pton(AF_INET6, host, &a.in6.sin6_addr) != 1)
        return false;
    if (percent) {
        if (!IN6_IS_ADDR_LINKLOCAL(&a.in6.sin6_addr))
            return false;
        a.in6.sin6_scope_id = scope_id(percent + 1);
        if (a.in6.sin6_scope_id == 0)
            return false;
    }
    *out = a;
    return true;
}

bool net_addr_parse(const char *text, uint16_t port, struct net_addr *out)
{
    REQUIRE(text != NULL && out != NULL);
    struct net_addr a;
    memset(&a, 0, sizeof a);
    a.in4.sin_family = AF_INET;
    a.in4.sin_port = htons(port);
    if (inet_pton(AF_INET, text, &a.in4.sin_addr) == 1) {
        *out = a;
        return true;
    }
    return parse_in6(text, port, out);
}

static void scope_text(uint32_t id, char out[IFNAMSIZ + 1])
{
    char name[IFNAMSIZ];
    if (id == 0)
        out[0] = '\0';
    else if (if_indextoname(id, name))
        snprintf(out, IFNAMSIZ + 1, "%%%s", name);
    else
        snprintf(out, IFNAMSIZ + 1, "%%%u", id);
}

const char *net_addr_format(const struct net_addr *a, char *out, size_t size)
{
    REQUIRE(a != NULL && (out != NULL || size == 0));
    char host[INET6_ADDRSTRLEN], scope[IFNAMSIZ + 1] = "";
    bool v6 = a->sa.sa_family == AF_INET6;
    uint16_t port = net_addr_port(a);

    if (v6) {
        inet_ntop(AF_INET6, &a->in6.sin6_addr, host, sizeof host);
        scope_text(a->in6.sin6_scope_id, scope);
    } else if (a->sa.sa_family == AF_INET) {
        inet_ntop(AF_INET, &a->in4.sin_addr, host, sizeof host);
    } else {
        snprintf(out, size, "(no address)");
        return out;
    }
    if (port == 0)
        snprintf(out, size, "%s%s", host, scope);
    else
        snprintf(out, size, v6 ? "[%s%s]:%u" : "%s%s:%u", host, scope, port);
    return out;
}

bool net_addr_equal(const struct net_addr *a, const struct net_addr *b)
{
    REQUIRE(a != NULL && b != NULL);
    if (a->sa.sa_family != b->sa.sa_family || net_addr_port(a) != net_addr_port(b))
        return false;
    if (a->sa.sa_family == AF_INET)
        return a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
    if (a->sa.sa_family == AF_INET6)
        return IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr) &&
               a->in6.sin6_scope_id == b->in6.sin6_scope_id;
    return true;
}

uint16_t net_addr_port(const struct net_addr *a)
{
    REQUIRE(a != NULL);
    if (a->sa.sa_family == AF_INET)
        return ntohs(a->in4.sin_port);
    return a->sa.sa_family == AF_INET6 ? ntohs(a->in6.sin6_port) : 0;
}

void net_addr_set_port(struct net_addr *a, uint16_t port)
{
    REQUIRE(a != NULL);
    if (a->sa.sa_family == AF_INET)
        a->in4.sin_port = htons(port);
    else if (a->sa.sa_family == AF_INET6)
        a->in6.sin6_port = htons(port);
}

socklen_t net_addr_len(const struct net_addr *a)
{
    REQUIRE(a != NULL);
    return a->sa.sa_family == AF_INET6 ? sizeof a->in6 : sizeof a->in4;
}
