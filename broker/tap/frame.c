/* See frame.h. */
#include "broker/tap/frame.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "transport/crc32c.h"

#define IPV4_HEAD 20
#define IPV6_HEAD 40
#define SCTP_HEAD 12
#define DATA_HEAD 16
#define HOPS      64

enum { DATA = 0 };
enum { END = 1, BEGIN = 2, UNORDERED = 4 }; /* flags of a DATA chunk */

_Static_assert(IPV6_HEAD + SCTP_HEAD + DATA_HEAD == TAP_HEAD_MAX, "the longest headers");
_Static_assert(IPV4_HEAD + SCTP_HEAD + DATA_HEAD + TAP_FRAGMENT <= UINT16_MAX && TAP_FRAGMENT % 4 == 0,
               "a packet's length has 16 bits");

unsigned tap_fragments(size_t length)
{
    return length <= TAP_FRAGMENT ? 1 : (unsigned)((length + TAP_FRAGMENT - 1) / TAP_FRAGMENT);
}

static unsigned char *put16(unsigned char *p, uint16_t n)
{
    n = htons(n);
    memcpy(p, &n, sizeof n);
    return p + sizeof n;
}

static unsigned char *put32(unsigned char *p, uint32_t n)
{
    n = htonl(n);
    memcpy(p, &n, sizeof n);
    return p + sizeof n;
}

/* RFC 1071, of a header whose checksum is 0. */
static uint16_t ip_checksum(const unsigned char *head)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < IPV4_HEAD; i += 2)
        sum += (uint32_t)head[i] << 8 | head[i + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* What is not known, or is in an IPv6 address, counts as IPv4. */
static bool as_ipv4(const struct net_addr *a, struct in_addr *out)
{
    out->s_addr = INADDR_ANY;
    if (a->sa.sa_family == AF_INET)
        *out = a->in4.sin_addr;
    else if (a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
        memcpy(out, &a->in6.sin6_addr.s6_addr[12], sizeof *out);
    else
        return a->sa.sa_family == AF_UNSPEC;
    return true;
}

static struct in6_addr as_ipv6(const struct net_addr *a)
{
    struct in6_addr out = IN6ADDR_ANY_INIT;
    if (a->sa.sa_family == AF_INET6)
        return a->in6.sin6_addr;
    if (a->sa.sa_family == AF_INET) {
        memset(&out.s6_addr[10], 0xff, 2);
        memcpy(&out.s6_addr[12], &a->in4.sin_addr, 4);
    }
    return out;
}

/* Returns the end. `length`: of what follows. */
static unsigned char *put_ip(unsigned char *p, const struct tap_numbers *n, size_t length)
{
    struct in_addr from, to;
    bool v4 = as_ipv4(&n->from, &from), both = as_ipv4(&n->to, &to) && v4;
    if (both) {
        unsigned char *head = p;
        *p++ = 0x45;
        *p++ = 0;
        p = put16(p, (uint16_t)(IPV4_HEAD + length));
        p = put16(p, 0);
        p = put16(p, 0x4000); /* not to be fragmented */
        *p++ = HOPS;
        *p++ = IPPROTO_SCTP;
        p = put16(p, 0);
        memcpy(p, &from, 4);
        memcpy(p + 4, &to, 4);
        put16(head + 10, ip_checksum(head));
        return p + 8;
    }
    struct in6_addr from6 = as_ipv6(&n->from), to6 = as_ipv6(&n->to);
    p = put32(p, 6u << 28);
    p = put16(p, (uint16_t)length);
    *p++ = IPPROTO_SCTP;
    *p++ = HOPS;
    memcpy(p, &from6, 16);
    memcpy(p + 16, &to6, 16);
    return p + 32;
}

static uint16_t port_of(const struct net_addr *a)
{
    return a->sa.sa_family == AF_UNSPEC ? 0 : net_addr_port(a);
}

void tap_frame(struct tap_frame *f, const struct brk_captured *c, const struct tap_numbers *n, unsigned i,
               size_t caught)
{
    static const unsigned char zeros[4];
    size_t begin = (size_t)i * TAP_FRAGMENT, rest = c->len - begin;
    size_t length = rest < TAP_FRAGMENT ? rest : TAP_FRAGMENT, padding = -length & 3;
    unsigned flags = (i == 0 ? BEGIN : 0) | (length == rest ? END : 0) | (c->unordered ? UNORDERED : 0);
    f->data = (const unsigned char *)(c + 1) + begin;
    f->caught = caught <= begin ? 0 : caught - begin < length ? caught - begin : length;
    unsigned char *sctp = put_ip(f->head, n, SCTP_HEAD + DATA_HEAD + length + padding), *p = sctp;
    p = put16(p, port_of(&n->from));
    p = put16(p, port_of(&n->to));
    p = put32(p, n->tag);
    p = put32(p, 0);
    *p++ = DATA;
    *p++ = (unsigned char)flags;
    p = put16(p, (uint16_t)(DATA_HEAD + length));
    p = put32(p, n->tsn + i);
    p = put16(p, c->stream);
    p = put16(p, n->ssn);
    p = put32(p, c->ppid);
    f->head_length = (size_t)(p - f->head);
    f->length = f->head_length + length + padding;
    f->padding = 0;
    if (f->caught < length)
        return;
    f->padding = padding;
    uint32_t sum = crc32c(0, sctp, (size_t)(p - sctp));
    sum = crc32c(crc32c(sum, f->data, length), zeros, padding);
    for (unsigned byte = 0; byte < 4; byte++) /* the lowest one first: RFC 9260 appendix A */
        sctp[8 + byte] = (unsigned char)(sum >> 8 * byte);
}
