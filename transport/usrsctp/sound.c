/* What the stack must not be given.
 *
 * usrsctp 0.9.5 walks along the parameters of an INIT by their lengths, and never ends where one says that it
 * has none (sctplab/usrsctp#570, mended after that version). Such an INIT need only come on the path of an
 * association, where anybody can send one who knows the addresses and ports: it carries no tag. A parameter
 * has four bytes at least, its header (RFC 9260 3.2.1), so a packet with a shorter one is nobody's loss.
 *
 * Pure: bytes in, an answer out; the bytes may be anything, from a whole common header on. */
#include "transport/usrsctp/path.h"

enum { CHUNKS_AT = 12, HEADER = 4, PARAMETERS_AT = 20 /* of an INIT or INIT ACK */ };

static size_t length_at(const uint8_t *header)
{
    return (size_t)(header[2] << 8 | header[3]);
}

static size_t padded(size_t length)
{
    return (length + 3) & ~(size_t)3;
}

/* The stack looks at what follows the chunk, too: up to the end of the packet. */
static bool parameters_end(const uint8_t *packet, size_t len, size_t at)
{
    while (at + HEADER <= len) {
        size_t length = length_at(packet + at);
        if (length < HEADER)
            return false;
        at += padded(length);
    }
    return true;
}

bool usr_packet_is_sound(const uint8_t *packet, size_t len)
{
    for (size_t at = CHUNKS_AT; at + HEADER <= len;) {
        bool has_parameters = packet[at] == SCTP_INITIATION || packet[at] == SCTP_INITIATION_ACK;
        size_t length = length_at(packet + at);
        if (has_parameters && !parameters_end(packet, len, at + PARAMETERS_AT))
            return false;
        if (length < HEADER)
            break; /* the stack ends here, too */
        at += padded(length);
    }
    return true;
}
