#include "config/sctp/prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of an address; how many. */
static unsigned bytes_of(const struct net_addr *a, const unsigned char **out)
{
    if (a->sa.sa_family == AF_INET) {
        *out = (const unsigned char *)&a->in4.sin_addr;
        return 4;
    }
    *out = a->in6.sin6_addr.s6_addr;
    if (a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr)) {
        *out += 12;
        return 4;
    }
    return a->sa.sa_family == AF_INET6 ? 16 : 0;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    return memcmp(a, b, whole) == 0 && (!rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

bool net_prefix_parse(const char *text, struct net_prefix *out)
{
    char host[NET_ADDR_TEXT];
    struct net_prefix p = {.bits = 0};
    const unsigned char *bytes;
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    char *end;
    if (len >= sizeof host)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    if (!net_addr_parse(host, 0, &p.address))
        return false;
    unsigned most = bytes_of(&p.address, &bytes) * 8;
    unsigned long bits = most;
    if (slash &&
        (slash[1] < '0' || slash[1] > '9' || (bits = strtoul(slash + 1, &end, 10), *end) || bits > most))
        return false;
    p.bits = (unsigned)bits;
    for (unsigned i = p.bits; i < most; i++)
        if (bytes[i / 8] & 0x80 >> i % 8)
            return false;
    *out = p;
    return true;
}

const char *net_prefix_format(const struct net_prefix *p, char *out, size_t size)
{
    char host[NET_ADDR_TEXT];
    const unsigned char *bytes;
    unsigned most = bytes_of(&p->address, &bytes) * 8;
    net_addr_format(&p->address, host, sizeof host);
    if (p->bits == most)
        snprintf(out, size, "%s", host);
    else
        snprintf(out, size, "%s/%u", host, p->bits);
    return out;
}

bool net_prefix_equal(const struct net_prefix *a, const struct net_prefix *b)
{
    return a->bits == b->bits && net_addr_equal(&a->address, &b->address);
}

bool net_prefix_covers(const struct net_prefix *p, const struct net_addr *a)
{
    const unsigned char *wanted, *bytes;
    unsigned length = bytes_of(&p->address, &wanted);
    return length && bytes_of(a, &bytes) == length && same_bits(wanted, bytes, p->bits);
}
