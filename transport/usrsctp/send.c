/* Sending: bursts.
 *
 * Bundling. The stack has no MSG_MORE: with NODELAY every send makes a packet of its own. So for all but the
 * last message of a burst NODELAY is taken away, which is a plain assignment in the library. Nagle's
 * algorithm then keeps each while something is unacknowledged and it would not fill a packet; the last one,
 * with NODELAY again, drives everything out. Where the last one is refused, a heartbeat does it, the only
 * other call that makes the stack look at its queue. That is rare: a blocked association is tried again only
 * when an eighth of its buffer is free. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <errno.h>
#include <string.h>

static void set_nodelay(struct usr_endpoint *ep, int on)
{
    (void)usrsctp_setsockopt(ep->so, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
}

static const uint16_t pr_policies[] = {TR_PR_POLICIES};

static int send_one(struct usr_endpoint *ep, const struct tr_msg *m)
{
    struct sctp_sendv_spa spa = {.sendv_flags = SCTP_SEND_SNDINFO_VALID,
                                 .sendv_sndinfo = {.snd_sid = m->stream,
                                                   .snd_flags = m->flags & TR_UNORDERED ? SCTP_UNORDERED : 0,
                                                   .snd_ppid = htonl(m->ppid),
                                                   .snd_context = m->context,
                                                   .snd_assoc_id = m->assoc}};
    if (m->pr_policy != TR_PR_NONE) {
        spa.sendv_flags |= SCTP_SEND_PRINFO_VALID;
        spa.sendv_prinfo = (struct sctp_prinfo){pr_policies[m->pr_policy], m->pr_value};
    }
    ssize_t n = usrsctp_sendv(ep->so, m->data, m->len, NULL, 0, &spa, sizeof spa, SCTP_SENDV_SPA, 0);
    return n >= 0 ? 0 : errno;
}

static void drive_out(struct usr_endpoint *ep, uint32_t assoc)
{
    struct sctp_status status;
    struct sctp_paddrparams beat = {.spp_assoc_id = assoc, .spp_flags = SPP_HB_DEMAND};
    if (!usr_status(ep, assoc, &status))
        return;
    memcpy(&beat.spp_address, &status.sstat_primary.spinfo_address, sizeof beat.spp_address);
    (void)usrsctp_setsockopt(ep->so, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &beat, sizeof beat);
}

/* Why a send was refused, more exactly than errno says. */
static enum tr_code refusal(struct usr_endpoint *ep, const struct tr_msg *m, int error_number)
{
    struct sctp_status status;
    enum tr_code code = usr_code(error_number);
    if (code == TR_INVALID && usr_status(ep, m->assoc, &status) && m->stream >= status.sstat_outstrms)
        return TR_BAD_STREAM;
    if (code == TR_AGAIN)
        usr_ready_block(ep, m->assoc, m->len);
    return code;
}

/* With fragmentation off the stack compares a message with the size of a packet, headers included. */
static uint32_t longest(struct usr_endpoint *ep, uint32_t assoc)
{
    struct sctp_status status;
    if (!ep->kept.no_fragments || !usr_status(ep, assoc, &status))
        return UINT32_MAX;
    return status.sstat_fragmentation_point;
}

enum tr_code usr_send(struct tr_endpoint *base, const struct tr_msg *msgs, unsigned count, unsigned *sent)
{
    struct usr_endpoint *ep = usr_ep(base);
    struct tr_loop_stats *stats = &base->loop->stats;
    bool bundle = ep->kept.nodelay && count > 1;
    uint32_t most = longest(ep, msgs[0].assoc);
    uint64_t bytes = 0;
    int failed = 0;
    unsigned i;
    if (bundle)
        set_nodelay(ep, 0);
    for (i = 0; i < count; i++) {
        if (bundle && i == count - 1)
            set_nodelay(ep, 1);
        failed = msgs[i].len <= most ? send_one(ep, &msgs[i]) : EMSGSIZE;
        if (failed != 0)
            break;
        bytes += msgs[i].len;
        usr_mode_note(ep, msgs[i].assoc, msgs[i].stream, msgs[i].flags & TR_UNORDERED);
    }
    if (bundle && failed != 0) {
        set_nodelay(ep, 1);
        if (i > 0)
            drive_out(ep, msgs[0].assoc);
    }
    *sent = i;
    stats->messages_out += i;
    stats->bytes_out += bytes;
    if (failed != 0)
        return refusal(ep, &msgs[i], failed);
    if (ep->blocked_count != 0)
        usr_ready_unblock(ep, msgs[0].assoc);
    return TR_OK;
}

/* A message has a byte at least, and at least one chunk; the last one may go beyond either limit. */
uint32_t usr_send_capacity(struct tr_endpoint *base)
{
    uint32_t bytes = (uint32_t)usr_ep(base)->kept.sndbuf;
    return (bytes < USR_CHUNKS_MAX ? bytes : USR_CHUNKS_MAX) + 1;
}

/* There is one path. */
enum tr_code usr_send_to(struct tr_endpoint *base, const struct tr_msg *msg, const struct net_addr *path)
{
    struct net_addr peer;
    unsigned sent;
    if (usr_addresses(base, msg->assoc, true, &peer, 1) == 0)
        return TR_NO_ASSOC;
    return tr_address_same(peer, *path) ? usr_send(base, msg, 1, &sent) : TR_INVALID;
}
