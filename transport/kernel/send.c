/* Sending: a burst to one association is one sendmmsg with MSG_MORE for all but its last message, then one
 * plain send of the last.
 *
 * Why: with SCTP_NODELAY every send would put a packet of its own on the wire. MSG_MORE makes the stack hold
 * messages back until a packet is full, and the plain send lets the rest go: many DATA chunks in one packet.
 *
 * A note on messages held back. What MSG_MORE holds back goes out only with a later plain send on the same
 * association. So a burst must never break off between the two:
 *  - for lack of buffer: then the whole send buffer could be full of messages held back, nothing would be in
 *    flight, no acknowledgement would free space and the association would stand still for ever. Therefore
 *    MSG_MORE is used only where the free buffer surely takes the whole burst. `room` is a lower bound of the
 *    free buffer: read from the socket (SO_MEMINFO) when it does not suffice, less the cost of what was sent
 *    since; acknowledgements only ever make more.
 *  - because the last message is refused (a stream not granted, too long): then a heartbeat is demanded on
 *    the association's paths. The packet that carries it takes the DATA chunks that wait along.
 * Without MSG_MORE nothing is held back beyond Nagle's algorithm and the windows. */
#include "transport/kernel/option_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <string.h>

#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

enum { SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL };

static const uint16_t pr_policies[] = {TR_PR_POLICIES};

/* The layout of kernel_control_out. */
struct send_control {
    struct sctp_sndinfo *info;
    struct sctp_prinfo *reliability;
};

static struct send_control control_at(union kernel_control_out *c)
{
    struct cmsghdr *second = (struct cmsghdr *)(c->bytes + CMSG_SPACE(sizeof(struct sctp_sndinfo)));
    return (struct send_control){(struct sctp_sndinfo *)CMSG_DATA(&c->align),
                                 (struct sctp_prinfo *)CMSG_DATA(second)};
}

void kernel_burst_init(struct kernel_loop *l)
{
    for (unsigned i = 0; i < KERNEL_BURST; i++) {
        union kernel_control_out *c = &l->out_control[i];
        struct cmsghdr *second = (struct cmsghdr *)(c->bytes + CMSG_SPACE(sizeof(struct sctp_sndinfo)));
        c->align = (struct cmsghdr){CMSG_LEN(sizeof(struct sctp_sndinfo)), IPPROTO_SCTP, SCTP_SNDINFO};
        *second = (struct cmsghdr){CMSG_LEN(sizeof(struct sctp_prinfo)), IPPROTO_SCTP, SCTP_PRINFO};
        l->out[i].msg_hdr.msg_iov = &l->out_vec[i];
        l->out[i].msg_hdr.msg_iovlen = 1;
        l->out[i].msg_hdr.msg_control = c;
        l->out[i].msg_hdr.msg_controllen = sizeof *c;
    }
}

/* At most, of the send buffer. Measured on Linux 6.1: 1 byte costs 1 KiB, 200 bytes 1.5, 1000 bytes 2.5, 2000
 * bytes 4.5, 8000 bytes 16.5 KiB. What is fragmented into smaller chunks than that may cost more, but is
 * never held back. */
static int64_t cost_of(const struct tr_msg *m)
{
    enum { COST_EACH = 1536 };
    return COST_EACH + 2 * (int64_t)m->len;
}

/* Whether a message that says nothing about its reliability gets something else than full reliability. */
static bool has_defaults(const struct kernel_endpoint *ep)
{
    return ep->base.was_set & (UINT64_C(1) << OPT_DEFAULT_PRINFO | UINT64_C(1) << OPT_DEFAULT_SEND_PARAM);
}

/* Fills the burst in. Returns what it costs.
 *
 * PRINFO is given only where it says something: Linux keeps up to 36 bytes of control data on its stack, and
 * allocates memory for more, for each message. */
static int64_t fill(const struct kernel_endpoint *ep, struct kernel_loop *l, const struct tr_msg *msgs,
                    unsigned n)
{
    bool defaults = has_defaults(ep);
    int64_t cost = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct tr_msg *m = &msgs[i];
        struct send_control c = control_at(&l->out_control[i]);
        bool reliable = m->pr_policy == TR_PR_NONE, says = defaults || !reliable;
        l->out_vec[i] = (struct iovec){(void *)m->data, m->len};
        *c.info = (struct sctp_sndinfo){.snd_sid = m->stream,
                                        .snd_flags = (m->flags & TR_UNORDERED) ? SCTP_UNORDERED : 0,
                                        .snd_ppid = htonl(m->ppid),
                                        .snd_context = m->context,
                                        .snd_assoc_id = (sctp_assoc_t)m->assoc};
        if (says)
            *c.reliability = (struct sctp_prinfo){pr_policies[m->pr_policy], reliable ? 0 : m->pr_value};
        l->out[i].msg_hdr.msg_controllen =
            says ? sizeof l->out_control[i] : CMSG_SPACE(sizeof(struct sctp_sndinfo));
        cost += cost_of(m);
    }
    return cost;
}

/* True when the free send buffer surely takes `cost`. */
static bool has_room(struct kernel_endpoint *ep, int64_t cost)
{
    if (ep->full)
        return false;
    if (ep->room >= cost)
        return true;
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof info;
    kernel_count(ep, 1);
    if (getsockopt(ep->fd, SOL_SOCKET, SO_MEMINFO, info, &len) != 0)
        return false;
    ep->room = (int64_t)info[SK_MEMINFO_SNDBUF] - info[SK_MEMINFO_WMEM_ALLOC];
    return ep->room >= cost;
}

/* A burst that has no room: a shorter one that has, if it is still worth while. After has_room(). */
static bool shorten(const struct kernel_endpoint *ep, const struct tr_msg *msgs, unsigned *n, int64_t *cost)
{
    enum { WORTH = 16 };
    unsigned fits = 0;
    int64_t sum = 0;
    if (ep->full || *n <= WORTH)
        return false;
    while (fits < *n && sum + cost_of(&msgs[fits]) <= ep->room)
        sum += cost_of(&msgs[fits++]);
    if (fits < WORTH)
        return false;
    *n = fits;
    *cost = sum;
    return true;
}

/* Lets messages go that MSG_MORE holds back (see above). Less than a packet's worth is; two heartbeats,
 * because the first one's own bytes may leave a few of them behind. */
static void let_go(struct kernel_endpoint *ep, uint32_t assoc)
{
    struct sctp_paddrparams p;
    memset(&p, 0, sizeof p);
    p.spp_assoc_id = (sctp_assoc_t)assoc;
    p.spp_flags = SPP_HB_DEMAND;
    for (int i = 0; i < 2; i++) {
        kernel_count(ep, 1);
        setsockopt(ep->fd, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &p, sizeof p);
    }
}

/* Why the stack did not take a message whose arguments transport.c has checked. */
static enum tr_code send_code(int error_number)
{
    switch (error_number) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
        return TR_AGAIN;
    case EINVAL:
        return TR_BAD_STREAM;
    default: {
        enum tr_code code = kernel_code(error_number);
        /* What is pending on a one-to-one socket tells how its association ended. */
        return code == TR_TOO_LONG                                                  ? code
               : code == TR_REFUSED || code == TR_TIMEOUT || code == TR_UNREACHABLE ? TR_NO_ASSOC
                                                                                    : code;
    }
    }
}

/* sendmmsg of the messages from `first` on; how many were taken, -1 with errno when not one. */
static int send_some(struct kernel_endpoint *ep, struct kernel_loop *l, unsigned first, unsigned n, int flags)
{
    int taken;
    do {
        l->base.stats.syscalls++;
        taken = n == 1 ? (sendmsg(ep->fd, &l->out[first].msg_hdr, SEND_FLAGS | flags) < 0 ? -1 : 1)
                       : sendmmsg(ep->fd, l->out + first, n, SEND_FLAGS | flags);
    } while (taken < 0 && errno == EINTR);
    return taken;
}

/* One burst of what fill() prepared. A short count without MSG_MORE is taken for a full buffer without asking
 * again: whatever it really was, the next try says. */
static enum tr_code send_burst(struct kernel_endpoint *ep, struct kernel_loop *l, uint32_t assoc, unsigned n,
                               bool more, unsigned *taken)
{
    int k = more ? send_some(ep, l, 0, n - 1, MSG_MORE) : send_some(ep, l, 0, n, 0);
    if (k < 0)
        return send_code(errno);
    *taken = (unsigned)k;
    if (*taken == n)
        return TR_OK;
    if (!more)
        return TR_AGAIN;
    /* The last one, or the one that sendmmsg stopped at. */
    if (send_some(ep, l, *taken, 1, 0) < 0) {
        enum tr_code code = send_code(errno);
        let_go(ep, assoc);
        return code;
    }
    ++*taken;
    return TR_OK;
}

static void count_sent(struct kernel_loop *l, const struct tr_msg *msgs, unsigned n)
{
    l->base.stats.messages_out += n;
    for (unsigned i = 0; i < n; i++)
        l->base.stats.bytes_out += msgs[i].len;
}

/* What the next wake-ups are, after a send that took `sent` messages. */
static void sent_now(struct kernel_endpoint *ep, unsigned sent, enum tr_code code)
{
    if (code == TR_AGAIN && sent == 0)
        kernel_refused(ep);
    if (sent > 0 && ep->muted)
        kernel_took(ep);
    ep->full = code == TR_AGAIN;
}

uint32_t kernel_send_capacity(struct tr_endpoint *ep)
{
    enum { COST_LEAST = 512 }; /* half of what was measured for a byte, see fill() */
    struct kernel_endpoint *k = kernel_endpoint(ep);
    int bytes = 0;
    if (k->sndbuf == 0 && kernel_get_raw(ep, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0)
        k->sndbuf = bytes;
    return (uint32_t)(k->sndbuf > 0 ? k->sndbuf : INT32_MAX) / COST_LEAST + 1;
}

/* Linux sets up a new association for an address that none of the socket's has: hence the look at the paths.
 */
static enum tr_code check_path(struct kernel_endpoint *ep, uint32_t assoc, const struct net_addr *path)
{
    enum { PATHS_MAX = 64 };
    struct net_addr paths[PATHS_MAX];
    unsigned count = kernel_addresses(&ep->base, assoc, true, paths, PATHS_MAX);
    for (unsigned i = 0; i < count && i < PATHS_MAX; i++)
        if (tr_address_same(paths[i], *path))
            return TR_OK;
    return count == 0 ? TR_NO_ASSOC : TR_INVALID;
}

enum tr_code kernel_send_to(struct tr_endpoint *tep, const struct tr_msg *msg, const struct net_addr *path)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    struct kernel_loop *l = kernel_loop(tep->loop);
    struct msghdr *h = &l->out[0].msg_hdr;
    enum tr_code code = check_path(ep, msg->assoc, path);
    if (code != TR_OK)
        return code;
    int64_t cost = fill(ep, l, msg, 1);
    control_at(&l->out_control[0]).info->snd_flags |= SCTP_ADDR_OVER;
    h->msg_name = (void *)path;
    h->msg_namelen = net_addr_len(path);
    code = send_some(ep, l, 0, 1, 0) == 1 ? TR_OK : send_code(errno);
    h->msg_name = NULL;
    h->msg_namelen = 0;
    ep->room -= cost;
    count_sent(l, msg, code == TR_OK);
    sent_now(ep, code == TR_OK, code);
    return code;
}

enum tr_code kernel_send(struct tr_endpoint *tep, const struct tr_msg *msgs, unsigned count, unsigned *sent)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    struct kernel_loop *l = kernel_loop(tep->loop);
    enum tr_code code = TR_OK;

    *sent = 0;
    while (*sent < count && code == TR_OK) {
        unsigned n = count - *sent < KERNEL_BURST ? count - *sent : KERNEL_BURST, taken = 0;
        int64_t cost = fill(ep, l, msgs + *sent, n);
        bool more = n > 1 && has_room(ep, cost);
        if (!more)
            more = shorten(ep, msgs + *sent, &n, &cost);
        code = send_burst(ep, l, msgs[0].assoc, n, more, &taken);
        ep->room -= cost;
        count_sent(l, msgs + *sent, taken);
        *sent += taken;
    }
    sent_now(ep, *sent, code);
    return code;
}
