/* Reads the DATA chunks of a capture; see capture.h. */
#include "bench/capture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <pcap/pcap.h>

#define ETHER_IPV4 0x0800
#define ETHER_IPV6 0x86dd
#define ETHER_VLAN 0x8100
#define ETHER_QINQ 0x88a8

#define CHUNK_DATA     0
#define CHUNK_IDATA    64
#define FLAG_END       1
#define FLAG_BEGIN     2
#define FLAG_UNORDERED 4

/* One packet while it is parsed. */
struct parse {
    const struct bench_packet *packet;
    const uint8_t *at; /* what is left of it */
    size_t left;
    bool cut; /* the capture has less than was on the wire */
    struct bench_chunk chunk;
    bench_chunk_fn *take;
    void *arg;
    char *why;
    size_t size;
};

static uint16_t read16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t read32(const uint8_t *p)
{
    return (uint32_t)read16(p) << 16 | read16(p + 2);
}

static bool say(struct parse *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Records what is wrong with the packet; always false. */
static bool say(struct parse *p, const char *format, ...)
{
    int used = snprintf(p->why, p->size, "packet %llu: ", (unsigned long long)p->packet->number);
    va_list list;

    if (used < 0 || (size_t)used >= p->size)
        return false;
    va_start(list, format);
    vsnprintf(p->why + used, p->size - (size_t)used, format, list);
    va_end(list);
    return false;
}

/* Something of the SCTP packet is not there. */
static bool too_short(struct parse *p, const char *what)
{
    if (p->cut)
        return say(p, "%s is cut short: %zu of %zu bytes were captured; capture whole packets (tcpdump -s 0)",
                   what, p->packet->len, p->packet->wire_len);
    return say(p, "%s ends before its time", what);
}

static void skip(struct parse *p, size_t bytes)
{
    p->at += bytes;
    p->left -= bytes;
}

/* ---- SCTP --------------------------------------------------------------------------------------------- */

/* One chunk of `len` bytes, its header included. */
static bool data_chunk(struct parse *p, const uint8_t *at, size_t len)
{
    struct bench_chunk *c = &p->chunk;
    size_t header = at[0] == CHUNK_IDATA ? 20 : 16;

    if (len <= header)
        return say(p, "a DATA chunk of %zu bytes has no user data", len);
    c->begin = at[1] & FLAG_BEGIN;
    c->end = at[1] & FLAG_END;
    c->unordered = at[1] & FLAG_UNORDERED;
    c->interleaved = at[0] == CHUNK_IDATA;
    c->tsn = read32(at + 4);
    c->stream = read16(at + 8);
    c->ppid = c->fragment = c->message = 0;
    if (c->interleaved) {
        c->message = read32(at + 12);
        *(c->begin ? &c->ppid : &c->fragment) = read32(at + 16);
    } else {
        c->ppid = read32(at + 12);
    }
    c->data = at + header;
    c->len = (uint32_t)(len - header);
    return p->take(c, p->arg, p->why, p->size);
}

static bool sctp(struct parse *p)
{
    if (p->left < 12)
        return too_short(p, "the SCTP header");
    net_addr_set_port(&p->chunk.source, read16(p->at));
    net_addr_set_port(&p->chunk.destination, read16(p->at + 2));
    p->chunk.tag = read32(p->at + 4);
    skip(p, 12);
    while (p->left > 0) {
        if (p->left < 4)
            return too_short(p, "the header of a chunk");
        size_t len = read16(p->at + 2), padded = (len + 3) & ~(size_t)3;
        if (len < 4)
            return say(p, "a chunk with the length %zu", len);
        if (len > p->left)
            return too_short(p, "a chunk");
        if ((p->at[0] == CHUNK_DATA || p->at[0] == CHUNK_IDATA) && !data_chunk(p, p->at, len))
            return false;
        skip(p, padded < p->left ? padded : p->left);
    }
    return true;
}

/* ---- IP ----------------------------------------------------------------------------------------------- */

static bool udp(struct parse *p)
{
    if (p->left < 8)
        return true; /* it cannot be told whether it is SCTP */
    if (read16(p->at) != BENCH_CAPTURE_ENCAPS_PORT && read16(p->at + 2) != BENCH_CAPTURE_ENCAPS_PORT)
        return true;
    skip(p, 8);
    return sctp(p);
}

/* What is inside of an IP packet; `fragment`: it is only a part. */
static bool inside(struct parse *p, uint8_t protocol, bool fragment)
{
    if (protocol != IPPROTO_SCTP && protocol != IPPROTO_UDP)
        return true;
    if (fragment && protocol == IPPROTO_SCTP)
        return say(p, "SCTP in a fragment of an IP packet; capture where packets are whole");
    if (fragment)
        return true;
    return protocol == IPPROTO_SCTP ? sctp(p) : udp(p);
}

/* Leaves out what is behind the IP packet, such as padding of Ethernet. */
static void limit(struct parse *p, size_t total)
{
    if (total < p->left)
        p->left = total;
    else if (total > p->left)
        p->cut = true;
}

static bool ipv4(struct parse *p)
{
    if (p->left < 20 || p->at[0] >> 4 != 4)
        return true;
    size_t header = (size_t)(p->at[0] & 15) * 4, total = read16(p->at + 2);
    uint16_t offset = read16(p->at + 6);
    uint8_t protocol = p->at[9];
    if (header < 20 || header > p->left || (total && total < header))
        return true;
    p->chunk.source.in4 = (struct sockaddr_in){.sin_family = AF_INET};
    p->chunk.destination.in4 = (struct sockaddr_in){.sin_family = AF_INET};
    memcpy(&p->chunk.source.in4.sin_addr, p->at + 12, 4);
    memcpy(&p->chunk.destination.in4.sin_addr, p->at + 16, 4);
    if (total) /* 0: left to the network card (segmentation offload) */
        limit(p, total);
    skip(p, header);
    return inside(p, protocol, offset & 0x3fff);
}

/* Passes over the extension headers; *fragment: it is only a part. False: there are others, or too few bytes.
 */
static bool ipv6_extensions(struct parse *p, uint8_t *next, bool *fragment)
{
    *fragment = false;
    while (*next == IPPROTO_HOPOPTS || *next == IPPROTO_ROUTING || *next == IPPROTO_DSTOPTS ||
           *next == IPPROTO_FRAGMENT) {
        if (p->left < 8)
            return false;
        size_t len = *next == IPPROTO_FRAGMENT ? 8 : 8 + (size_t)p->at[1] * 8;
        if (*next == IPPROTO_FRAGMENT && read16(p->at + 2) & 0xfff9)
            *fragment = true;
        *next = p->at[0];
        if (len > p->left)
            return false;
        skip(p, len);
    }
    return true;
}

static bool ipv6(struct parse *p)
{
    bool fragment;

    if (p->left < 40 || p->at[0] >> 4 != 6)
        return true;
    uint8_t next = p->at[6];
    size_t payload = read16(p->at + 4);
    p->chunk.source.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
    p->chunk.destination.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
    memcpy(&p->chunk.source.in6.sin6_addr, p->at + 8, 16);
    memcpy(&p->chunk.destination.in6.sin6_addr, p->at + 24, 16);
    skip(p, 40);
    if (payload)
        limit(p, payload);
    return !ipv6_extensions(p, &next, &fragment) || inside(p, next, fragment);
}

static bool ip(struct parse *p)
{
    if (p->left == 0)
        return true;
    return p->at[0] >> 4 == 6 ? ipv6(p) : ipv4(p);
}

/* ---- the link layer ----------------------------------------------------------------------------------- */

static bool by_type(struct parse *p, uint16_t type, size_t header)
{
    if (p->left < header)
        return true;
    skip(p, header);
    while ((type == ETHER_VLAN || type == ETHER_QINQ) && p->left >= 4) {
        type = read16(p->at + 2);
        skip(p, 4);
    }
    return type == ETHER_IPV4 ? ipv4(p) : type != ETHER_IPV6 || ipv6(p);
}

/* The length of the header and the offset of the Ethernet type in it; false: an unknown link type. */
static bool link_layout(int link, size_t *header, size_t *type)
{
    switch (link) {
    case DLT_EN10MB:
        *header = 14;
        *type = 12;
        return true;
    case DLT_LINUX_SLL:
        *header = 16;
        *type = 14;
        return true;
    case DLT_LINUX_SLL2:
        *header = 20;
        *type = 0;
        return true;
    case DLT_NULL:
    case DLT_LOOP:
        *header = 4;
        *type =
            SIZE_MAX; /* there is an address family, in somebody's byte order: IP tells its version itself */
        return true;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        *header = 0;
        *type = SIZE_MAX;
        return true;
    default:
        return false;
    }
}

bool bench_capture_packet(int link, const struct bench_packet *packet, bench_chunk_fn *take, void *arg,
                          char *why, size_t size)
{
    size_t header, type;
    struct parse p = {.packet = packet,
                      .at = packet->data,
                      .left = packet->len,
                      .cut = packet->len < packet->wire_len,
                      .chunk = {.at_ns = packet->at_ns, .packet = packet->number},
                      .take = take,
                      .arg = arg,
                      .why = why,
                      .size = size};

    if (!link_layout(link, &header, &type) || packet->len < header)
        return true;
    if (type != SIZE_MAX)
        return by_type(&p, read16(packet->data + type), header);
    skip(&p, header);
    return ip(&p);
}

/* ---- files -------------------------------------------------------------------------------------------- */

static bool read_all(pcap_t *pcap, bench_chunk_fn *take, void *arg, char *why, size_t size)
{
    struct pcap_pkthdr *header;
    const u_char *data;
    uint64_t number = 0;
    int got;

    while ((got = pcap_next_ex(pcap, &header, &data)) == 1) {
        struct bench_packet packet = {.data = data,
                                      .len = header->caplen,
                                      .wire_len = header->len,
                                      .at_ns = (uint64_t)header->ts.tv_sec * 1000000000 +
                                               (uint64_t)header->ts.tv_usec,
                                      .number = ++number};
        if (!bench_capture_packet(pcap_datalink(pcap), &packet, take, arg, why, size))
            return false;
    }
    if (got == PCAP_ERROR_BREAK) /* the end of the file */
        return true;
    snprintf(why, size, "packet %llu: %s", (unsigned long long)number + 1, pcap_geterr(pcap));
    return false;
}

bool bench_capture_read(const char *file, bench_chunk_fn *take, void *arg, char *why, size_t size)
{
    char error[PCAP_ERRBUF_SIZE] = "";
    size_t header, type;
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);

    if (!pcap) {
        snprintf(why, size, "%s", error);
        return false;
    }
    bool good = link_layout(pcap_datalink(pcap), &header, &type);
    if (!good) {
        const char *name = pcap_datalink_val_to_name(pcap_datalink(pcap));
        snprintf(why, size, "link type %s is not known here; convert it to Ethernet or raw IP",
                 name ? name : "without a name");
    }
    good = good && read_all(pcap, take, arg, why, size);
    pcap_close(pcap);
    return good;
}
