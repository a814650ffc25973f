/* Packets that belong to nothing here: no association, and no endpoint where they want one.
 *
 * RFC 9260 8.4 says what is answered, and how: an ABORT or SHUTDOWN COMPLETE with the T bit and the packet's
 * own tag, or silence. An INIT for a port where nobody is gets an ABORT with the tag that it brought (5.1).
 * The stack would do the same, after a look at everything it has; such packets cost the sender nothing and
 * must not cost us much.
 *
 * Pure: bytes in, an answer out; the bytes may be anything, from a whole chunk header on. */
#include "transport/usrsctp/path.h"

#include <string.h>

enum {
    CHUNK_AT = 12,
    CHUNK_HEADER = 4,
    INIT_TAG_AT = 16,
    TAG_AT = 4,
    T_BIT = 1,
    STALE_COOKIE = 3 /* cause of an ERROR */
};

/* What answers a chunk of this kind. */
enum answer { NOTHING, ABORT, SHUTDOWN_COMPLETE, GO_ON };

static enum answer answer_to(const uint8_t *chunk, size_t size)
{
    enum { CAUSE_AT = CHUNK_HEADER };
    switch (chunk[0]) {
    case SCTP_ABORT_ASSOCIATION:
    case SCTP_SHUTDOWN_COMPLETE:
    case SCTP_COOKIE_ACK:
    case SCTP_COOKIE_ECHO: /* nobody began here, or too long ago */
    case SCTP_PACKET_DROPPED:
        return NOTHING;
    case SCTP_OPERATION_ERROR:
        return size >= CAUSE_AT + 2 && chunk[CAUSE_AT] == 0 && chunk[CAUSE_AT + 1] == STALE_COOKIE ? NOTHING
                                                                                                   : GO_ON;
    case SCTP_SHUTDOWN_ACK:
        return SHUTDOWN_COMPLETE;
    default:
        return GO_ON;
    }
}

static enum answer answer_to_all(const uint8_t *packet, size_t len)
{
    for (size_t at = CHUNK_AT; at + CHUNK_HEADER <= len;) {
        size_t size = (size_t)(packet[at + 2] << 8 | packet[at + 3]);
        enum answer answer = answer_to(packet + at, at + size <= len ? size : len - at);
        if (answer != GO_ON)
            return answer;
        if (size < CHUNK_HEADER)
            break;
        at += (size + 3) & ~(size_t)3;
    }
    return ABORT;
}

bool usr_stray_answer(const uint8_t *packet, size_t len, uint8_t answer[USR_STRAY_ANSWER])
{
    static const uint8_t zeros[4];
    bool init = packet[CHUNK_AT] == SCTP_INITIATION;
    if (init && (len < INIT_TAG_AT + sizeof zeros || memcmp(packet + INIT_TAG_AT, zeros, sizeof zeros) == 0))
        return false;
    enum answer what = init ? ABORT : answer_to_all(packet, len);
    if (what == NOTHING)
        return false;
    memset(answer, 0, USR_STRAY_ANSWER);
    memcpy(answer, packet + 2, 2); /* ports change sides */
    memcpy(answer + 2, packet, 2);
    memcpy(answer + TAG_AT, packet + (init ? INIT_TAG_AT : TAG_AT), sizeof zeros);
    answer[CHUNK_AT] = what == ABORT ? SCTP_ABORT_ASSOCIATION : SCTP_SHUTDOWN_COMPLETE;
    answer[CHUNK_AT + 1] = init ? 0 : T_BIT;
    answer[CHUNK_AT + 3] = CHUNK_HEADER;
    return true;
}
