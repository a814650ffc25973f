#include "tests/chaos/hand.h"

#include <arpa/inet.h>
#include <string.h>

static ssize_t read_piece(struct hand *h, int sock)
{
    if (h->pieces == 0)
        h->data.first = 0;
    h->part = (struct iovec){h->data.bytes + h->pieces, sizeof h->data.bytes - h->pieces};
    h->header = (struct msghdr){
        .msg_iov = &h->part, .msg_iovlen = 1, .msg_control = h->control, .msg_controllen = sizeof h->control};
    h->length = 0;
    h->busy = 1;
    ssize_t n = recvmsg(sock, &h->header, MSG_DONTWAIT);
    if (n <= 0)
        h->busy = 0;
    return n;
}

/* Linux delivers a message in pieces where its receive buffer is full, and nothing else of the socket in
 * between but a notification that the rest does not come. */
bool hand_read(struct hand *h, int sock)
{
    ssize_t n;
    while ((n = read_piece(h, sock)) > 0) {
        if (hand_is_event(h)) {
            memmove(h->data.bytes, h->data.bytes + h->pieces, (size_t)n);
            h->pieces = 0;
        }
        h->length = h->pieces + (uint32_t)n;
        h->pieces = hand_is_whole(h) ? 0 : h->length;
        if (hand_is_whole(h))
            return true;
        h->busy = 0;
    }
    return false;
}

void hand_done(struct hand *h)
{
    h->busy = 0;
}

bool hand_is_whole(const struct hand *h)
{
    return h->header.msg_flags & (MSG_EOR | MSG_NOTIFICATION);
}

bool hand_is_event(const struct hand *h)
{
    return h->header.msg_flags & MSG_NOTIFICATION;
}

const struct sctp_rcvinfo *hand_info(const struct hand *h)
{
    struct msghdr *header = (struct msghdr *)&h->header;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c))
        if (c->cmsg_level == IPPROTO_SCTP && c->cmsg_type == SCTP_RCVINFO)
            return (const struct sctp_rcvinfo *)CMSG_DATA(c);
    return NULL;
}

static bool given_back(const struct hand *h, struct chaos_id *id)
{
    const struct sctp_send_failed_event *e = &h->data.event.sn_send_failed_event;
    if (h->data.event.sn_header.sn_type != SCTP_SEND_FAILED_EVENT)
        return false;
    uint32_t context = e->ssfe_info.snd_context;
    *id = (struct chaos_id){h->self, (uint32_t)e->ssf_assoc_id, context % CHAOS_STREAMS_MAX,
                            context / CHAOS_STREAMS_MAX};
    return true;
}

/* An answer comes to whoever asked, on the stream it was asked on; all else on the stream it was sent on. */
static bool came_right(const struct hand *h, const struct sctp_rcvinfo *info, const struct chaos_message *m)
{
    if (h->asks)
        return m->to == h->self && m->to_stream == info->rcv_sid;
    return h->any_stream || info->rcv_sid == m->id.stream;
}

bool hand_tells(const struct hand *h, enum record_kind *kind, struct chaos_id *id, uint32_t *at)
{
    *at = 0;
    if (hand_is_event(h)) {
        *kind = RECORD_FAILED;
        return given_back(h, id);
    }
    const struct sctp_rcvinfo *info = hand_info(h);
    const struct chaos_message *m = &h->data.message;
    *id = m->id;
    if (info != NULL)
        *at = (uint32_t)info->rcv_assoc_id;
    if (info == NULL || !chaos_message_whole(m, m->size <= sizeof *m ? m->size : 0) ||
        (h->length && h->length != m->size) || !came_right(h, info, m) ||
        ntohl(info->rcv_ppid) != CHAOS_PPID + m->id.stream)
        *kind = RECORD_STRANGE;
    return true;
}
