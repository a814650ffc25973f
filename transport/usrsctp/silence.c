/* Who does not answer?
 *
 * A timer of the stack ends an association only when several of its packets in a row were not answered. What
 * it gives back then needs room (endpoint.c says why), which is made while some path is silent: what
 * was asked there has waited for longer than the smallest retransmission timeout, and so has seen one timer
 * at least. That a peer talks is no answer: it may not hear us.
 *
 * Questions are chunks that the receiver has to acknowledge or to reply to; a packet that holds none, a SACK
 * say, may be lost without anybody noticing. The bytes of what arrived may be anything. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <utlist.h>

enum { CHUNK_AT = 12, CHUNK_HEADER = 4, I_DATA = 0x40 };

static bool is_question(uint8_t type)
{
    switch (type) {
    case SCTP_DATA:
    case I_DATA:
    case SCTP_INITIATION:
    case SCTP_HEARTBEAT_REQUEST:
    case SCTP_SHUTDOWN:
    case SCTP_SHUTDOWN_ACK:
    case SCTP_COOKIE_ECHO:
    case SCTP_ASCONF:
    case SCTP_STREAM_RESET:
    case SCTP_FORWARD_CUM_TSN:
        return true;
    default:
        return false;
    }
}

static bool is_answer(uint8_t type)
{
    switch (type) {
    case SCTP_SELECTIVE_ACK:
    case SCTP_NR_SELECTIVE_ACK:
    case SCTP_INITIATION_ACK:
    case SCTP_HEARTBEAT_ACK:
    case SCTP_COOKIE_ACK:
    case SCTP_SHUTDOWN:
    case SCTP_SHUTDOWN_ACK:
    case SCTP_SHUTDOWN_COMPLETE:
    case SCTP_ASCONF_ACK:
    case SCTP_STREAM_RESET:
    case SCTP_ABORT_ASSOCIATION:
        return true;
    default:
        return false;
    }
}

/* True where a chunk fits; user data, behind which nothing else can stand, is the last one looked at. */
static bool any_chunk(const uint8_t *packet, size_t len, bool (*fits)(uint8_t type))
{
    for (size_t at = CHUNK_AT; at + CHUNK_HEADER <= len;) {
        uint8_t type = packet[at];
        size_t size = (size_t)(packet[at + 2] << 8 | packet[at + 3]);
        if (fits(type))
            return true;
        if (type == SCTP_DATA || type == I_DATA || size < CHUNK_HEADER)
            return false;
        at += (size + 3) & ~(size_t)3;
    }
    return false;
}

void usr_silence_over(struct usr_paths *p, struct usr_path *path)
{
    if (path->asked_ms == 0)
        return;
    path->asked_ms = 0;
    DL_DELETE2(p->asked, path, asked_prev, asked_next);
}

void usr_silence_sent(struct usr_paths *p, struct usr_path *path, const void *packet, size_t len,
                      int64_t now_ms)
{
    if (path->asked_ms != 0 || !any_chunk(packet, len, is_question))
        return;
    path->asked_ms = now_ms;
    DL_APPEND2(p->asked, path, asked_prev, asked_next);
}

void usr_silence_heard(struct usr_paths *p, struct usr_path *path, const void *packet, size_t len)
{
    if (path->asked_ms != 0 && any_chunk(packet, len, is_answer))
        usr_silence_over(p, path);
}

struct usr_path *usr_silence_next(const struct usr_loop *loop, const struct usr_path *last)
{
    struct usr_path *path = last == NULL ? loop->paths.asked : last->asked_next;
    int64_t enough = loop->rto_ms > 0 && loop->rto_ms < USR_RTO_MS ? loop->rto_ms : USR_RTO_MS;
    return path != NULL && loop->now_ms - path->asked_ms >= enough ? path : NULL;
}
