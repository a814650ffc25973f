/* Raw sockets that capture and forge packets; see packet.h. */
#include "tests/conformance/packet.h"

#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "transport/crc32c.h"

#define PACKET_BYTES 65536
#define SCTP_HEADER  12

struct opening {
    int type, protocol, fd;
};

static void open_raw(void *arg)
{
    struct opening *o = arg;
    o->fd = socket(AF_INET, o->type | SOCK_CLOEXEC, o->protocol);
}

static int raw(const struct net *n, enum net_host host, int protocol)
{
    struct opening o = {SOCK_RAW | SOCK_NONBLOCK, protocol, -1};
    net_visit(n, host, open_raw, &o);
    assert_int_not_equal(o.fd, -1);
    assert_in_range(n->world->fd_count, 0, sizeof n->world->fds / sizeof *n->world->fds - 1);
    return n->world->fds[n->world->fd_count++] = o.fd;
}

int packet_watch(const struct net *n, enum net_host host)
{
    return raw(n, host, ct_has(TR_CAP_ENCAPS) ? IPPROTO_UDP : IPPROTO_SCTP);
}

static size_t headers(const uint8_t *packet)
{
    return (size_t)(packet[0] & 15) * 4 + (ct_has(TR_CAP_ENCAPS) ? sizeof(struct udphdr) : 0);
}

static uint16_t read16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* An SCTP packet between the two ports with a verification tag other than 0, so not an INIT. */
static bool fits(const uint8_t *packet, ssize_t len, uint16_t from, uint16_t to)
{
    static const uint8_t no_tag[4];
    if (len < (ssize_t)sizeof(struct iphdr) || len < (ssize_t)(headers(packet) + SCTP_HEADER))
        return false;
    const uint8_t *sctp = packet + headers(packet);
    return read16(sctp) == from && read16(sctp + 2) == to && memcmp(sctp + 4, no_tag, 4) != 0;
}

/* The last one seen; returns how long its headers are, up to the SCTP packet. */
static size_t last_seen(int watch, uint16_t from, uint16_t to, uint8_t *out)
{
    static uint8_t packet[PACKET_BYTES];
    size_t before = 0;
    for (ssize_t len; (len = recv(watch, packet, sizeof packet, 0)) >= 0;) {
        if (!fits(packet, len, from, to))
            continue;
        before = headers(packet);
        memcpy(out, packet, before + SCTP_HEADER);
    }
    if (before == 0)
        fail_msg("no packet from port %u to port %u was seen", from, to);
    return before;
}

void packet_forge(const struct net *n, int watch, const struct ct_end *from, enum net_host host,
                  const struct ct_end *to, const void *chunk, size_t len)
{
    uint8_t packet[2048];
    struct sockaddr_in there = {.sin_family = AF_INET};
    size_t before = last_seen(watch, tr_endpoint_port(from->ep), tr_endpoint_port(to->ep), packet);
    uint8_t *sctp = packet + before;
    assert_in_range(before + SCTP_HEADER + len, 1, sizeof packet);
    memcpy(sctp + SCTP_HEADER, chunk, len);
    memset(sctp + 8, 0, 4);
    uint32_t sum = crc32c(0, sctp, SCTP_HEADER + len); /* goes out lowest byte first: RFC 9260 appendix A */
    for (unsigned i = 0; i < 4; i++)
        sctp[8 + i] = (uint8_t)(sum >> 8 * i);
    if (ct_has(TR_CAP_ENCAPS)) {
        struct udphdr *udp = (void *)(sctp - sizeof *udp);
        udp->len = htons((uint16_t)(sizeof *udp + SCTP_HEADER + len));
        udp->check = 0;
    }
    memcpy(&there.sin_addr, packet + offsetof(struct iphdr, daddr), sizeof there.sin_addr);
    memset(packet + offsetof(struct iphdr, frag_off), 0, 2);
    int out = raw(n, host, IPPROTO_RAW);
    size_t all = before + SCTP_HEADER + len;
    assert_int_equal(sendto(out, packet, all, 0, (struct sockaddr *)&there, sizeof there), all);
    ct_close_fd(n->world, out);
}
