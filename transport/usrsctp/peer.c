/* Is the peer's stack a userland one?
 *
 * Why that matters: a run of packets handed to the kernel as one (UDP_SEGMENT) stays one on its way through
 * loopback, veth and the like. Linux 6.1 crashes when such a run reaches its own SCTP over UDP (NULL pointer
 * in sctp_v4_addr_valid, reached from udp_queue_rcv_skb's segmentation), on this host or on one that shares
 * its memory. So runs go only to peers that are known not to be that: what a handshake tells is read here,
 * and without a good sign packets leave one by one.
 *
 * Signs. A state cookie is its maker's own business; that of usrsctp (and of FreeBSD, whose code it is)
 * begins with a name. An INIT from a socket address family of its own (AF_CONN, as here) has no list of IP
 * versions that the sender understands; Linux never leaves it out (RFC 9260 3.3.2.1.4). Stacks without a sign
 * are only slower. What can be forged is not believed: input.c asks for INITs only of senders who
 * then complete the handshake, all of them, and for INIT ACKs only where they know our tag.
 *
 * Pure: bytes in, an answer out; the bytes may be anything. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <string.h>

enum {
    CHUNK_AT = 12,
    PARAMETERS_AT = 32, /* behind the common header, the chunk header and the fixed part */
    STATE_COOKIE = 7,
    SUPPORTED_ADDRESS_TYPES = 12
};

static const char maker[] = "KAME-BSD";

static uint16_t read16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

const uint8_t *usr_peer_parameter(const uint8_t *packet, size_t len, uint16_t type, size_t *size)
{
    if (len < PARAMETERS_AT)
        return NULL;
    size_t end = CHUNK_AT + read16(packet + CHUNK_AT + 2);
    if (end > len)
        end = len;
    for (size_t at = PARAMETERS_AT; at + 4 <= end;) {
        size_t whole = read16(packet + at + 2);
        if (whole < 4 || at + whole > end)
            return NULL;
        if (read16(packet + at) == type) {
            *size = whole - 4;
            return packet + at + 4;
        }
        at += (whole + 3) & ~(size_t)3;
    }
    return NULL;
}

bool usr_peer_is_userland(const uint8_t *packet, size_t len)
{
    size_t size;
    if (len < PARAMETERS_AT)
        return false;
    if (packet[CHUNK_AT] == SCTP_INITIATION)
        return usr_peer_parameter(packet, len, SUPPORTED_ADDRESS_TYPES, &size) == NULL;
    if (packet[CHUNK_AT] != SCTP_INITIATION_ACK)
        return false;
    const uint8_t *cookie = usr_peer_parameter(packet, len, STATE_COOKIE, &size);
    return cookie != NULL && size >= sizeof maker - 1 && memcmp(cookie, maker, sizeof maker - 1) == 0;
}
