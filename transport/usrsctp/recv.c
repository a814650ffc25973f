/* Receiving: messages and events, one read of the stack each.
 *
 * Broken-off messages. When a message under partial delivery ends with its association, the stack
 * gives its last piece as if the message were whole, and then an event that says it was not
 * (SCTP_PARTIAL_DELIVERY_EVENT right behind it). So behind a message that may have come in pieces the next
 * thing is looked at before the message is given out. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <errno.h>

/* One read from the stack, into the arena. */
struct piece {
    uint8_t *data;
    size_t len;
    int flags;
    struct sctp_rcvinfo info;
    struct sockaddr_conn from;
};

enum outcome { READ_PIECE, READ_NOTHING, READ_END };

static enum outcome read_piece(struct usr_endpoint *ep, struct piece *p, size_t room, int flags)
{
    for (int i = 0; i < 2; i++) { /* an error of the socket stands before its end */
        socklen_t len = sizeof p->info, from_len = sizeof p->from;
        unsigned type = SCTP_RECVV_NOINFO;
        p->flags = flags;
        p->from.sconn_family = AF_UNSPEC;
        ssize_t n = usrsctp_recvv(ep->so, p->data, room, (struct sockaddr *)&p->from, &from_len, &p->info,
                                  &len, &type, &p->flags);
        p->len = n > 0 ? (size_t)n : 0;
        if (n > 0)
            return READ_PIECE;
        if (n == 0)
            return READ_END;
        if (errno == EAGAIN)
            return READ_NOTHING;
    }
    return READ_END;
}

static uint32_t assoc_of(const struct usr_endpoint *ep, uint32_t assoc)
{
    return ep->peeled_assoc != 0 ? ep->peeled_assoc : assoc;
}

static struct tr_item *next_item(struct usr_loop *loop)
{
    return &loop->items[loop->item_count++];
}

static void give_event(struct usr_loop *loop, const struct tr_event *e)
{
    *next_item(loop) = (struct tr_item){.kind = TR_EVENT, .event = *e};
}

/* A message was dropped: TR_EV_OVERSIZED or TR_EV_NO_ROOM. */
static void give_dropped(struct usr_loop *loop, enum tr_event_type why, const struct tr_msg *m,
                         uint64_t bytes)
{
    struct tr_event e = {.type = why, .assoc = m->assoc};
    e.oversized.stream = m->stream;
    e.oversized.bytes = bytes;
    (*(why == TR_EV_OVERSIZED ? &loop->base.stats.oversized : &loop->base.stats.no_room))++;
    give_event(loop, &e);
}

static void give_message(struct usr_loop *loop, const struct tr_msg *m)
{
    loop->base.stats.messages_in++;
    loop->base.stats.bytes_in += m->len;
    *next_item(loop) = (struct tr_item){.kind = TR_MESSAGE, .msg = *m};
}

/* True where the stack says next that the message just read broke off half way. */
static bool broken_off(struct usr_endpoint *ep)
{
    union sctp_notification n;
    struct piece next = {.data = (uint8_t *)&n};
    return read_piece(ep, &next, sizeof n, MSG_PEEK) == READ_PIECE && (next.flags & MSG_NOTIFICATION) &&
           next.len >= sizeof n.sn_header && n.sn_header.sn_type == SCTP_PARTIAL_DELIVERY_EVENT;
}

static bool may_have_pieces(const struct usr_endpoint *ep, size_t len)
{
    enum { PARTIAL_SHARE = 2 }; /* nor one that is a smaller part of the receive buffer */
    return ep->kept.interleaving_offered || len >= USR_PARTIAL_FROM ||
           len >= (size_t)ep->kept.recbuf / PARTIAL_SHARE;
}

static void take_data(struct usr_loop *loop, struct usr_endpoint *ep, const struct piece *p)
{
    struct tr_msg m = {.data = p->data,
                       .len = (uint32_t)p->len,
                       .assoc = assoc_of(ep, p->info.rcv_assoc_id),
                       .stream = p->info.rcv_sid,
                       .flags = p->info.rcv_flags & SCTP_UNORDERED ? TR_UNORDERED : 0,
                       .ppid = ntohl(p->info.rcv_ppid),
                       .context = p->info.rcv_context,
                       .ssn = p->info.rcv_ssn,
                       .tsn = p->info.rcv_tsn,
                       .cumtsn = p->info.rcv_cumtsn};
    bool last = p->flags & MSG_EOR;
    if (last && !reasm_under_way(&loop->reassembly, &ep->base.reading, REASM_RECEIVED, &m)) {
        if (m.len > loop->base.params.max_message)
            give_dropped(loop, TR_EV_OVERSIZED, &m, m.len);
        else if (!may_have_pieces(ep, p->len) || !broken_off(ep)) {
            give_message(loop, &m);
            loop->arena_used += (p->len + 7) & ~(size_t)7;
        }
        return;
    }
    struct reasm_piece part = {.msg = m}, whole;
    uint64_t bytes;
    switch (reasm_add(&loop->reassembly, &ep->base.reading, &part, last, &whole, &bytes)) {
    case REASM_WHOLE:
        if (broken_off(ep))
            break;
        loop->base.stats.reassembled++;
        give_message(loop, &whole.msg);
        break;
    case REASM_DROPPED:
        give_dropped(loop, TR_EV_OVERSIZED, &m, bytes);
        break;
    case REASM_NO_ROOM:
        give_dropped(loop, TR_EV_NO_ROOM, &m, bytes);
        break;
    case REASM_MORE:
        break;
    }
}

/* A message that was sent in fragments comes back as one event a fragment, the unsent rest last. One whose
 * beginning the peer has acknowledged is not whole any more: it is told without payload, so that nobody
 * takes a part for the message. False: more of it is to come. */
static bool put_together(struct usr_loop *loop, struct usr_endpoint *ep, struct tr_event *e,
                         unsigned fragment)
{
    struct tr_msg *m = &e->failed.msg;
    struct reasm_piece part = {REASM_RETURNED, e->failed.was_sent, *m}, whole = {0};
    struct adm_owner *owner = &ep->base.reading;
    bool first = fragment & TR_FIRST, last = fragment & TR_LAST, complete = true;
    uint64_t bytes;
    part.msg.flags = 0; /* the rest does not say whether it is unordered */
    if (first && last)
        return true;
    if (first)
        reasm_abort_one(&loop->reassembly, owner, REASM_RETURNED, &part.msg);
    else if (!reasm_under_way(&loop->reassembly, owner, REASM_RETURNED, &part.msg))
        complete = false;
    if (complete && reasm_add(&loop->reassembly, owner, &part, last, &whole, &bytes) == REASM_MORE)
        return false;
    m->data = whole.msg.data;
    m->len = whole.msg.len;
    return last;
}

static void note_change(struct usr_loop *loop, struct usr_endpoint *ep, const struct tr_event *e)
{
    usr_setup_over(ep, e->assoc);
    tr_alive_follow(&ep->base.alive, e);
    if (e->change.state == TR_COMM_UP)
        return;
    usr_mode_forget(ep, e->assoc);
    reasm_abort_assoc(&loop->reassembly, &ep->base.reading, e->assoc);
    if (e->change.state != TR_RESTART)
        loop->paths.ended++;
}

/* Where a new association was set up from; an ended one may be unknown to the stack by now. */
static void take_from(struct usr_loop *loop, struct usr_endpoint *ep, const struct sockaddr_conn *from,
                      struct tr_event *e)
{
    if (e->change.state == TR_COMM_UP && from->sconn_family == AF_CONN &&
        usr_peer_address(loop, from, &e->change.from, NULL))
        usr_show_address(ep, &e->change.from);
}

static void take_event(struct usr_loop *loop, struct usr_endpoint *ep, const void *data, size_t len,
                       const struct sockaddr_conn *from)
{
    struct tr_notice notice;
    struct sockaddr_conn path;
    if (!usr_event(data, len, &notice))
        return;
    struct tr_event e = notice.event;
    e.assoc = assoc_of(ep, e.assoc);
    switch (e.type) {
    case TR_EV_SEND_FAILED:
        e.failed.msg.assoc = e.assoc;
        if (usr_mode_is_unordered(ep, e.assoc, e.failed.msg.stream))
            e.failed.msg.flags = TR_UNORDERED;
        if (!put_together(loop, ep, &e, notice.fragment))
            return;
        break;
    case TR_EV_PATH_CHANGE:
        path = usr_event_path(data);
        if (!usr_peer_address(loop, &path, &e.path.address, NULL))
            return;
        usr_show_address(ep, &e.path.address);
        break;
    case TR_EV_PARTIAL_DELIVERY:
        reasm_abort_stream(&loop->reassembly, &ep->base.reading, e.assoc, (uint16_t)e.partial.stream);
        break;
    case TR_EV_ASSOC_CHANGE:
        take_from(loop, ep, from, &e);
        note_change(loop, ep, &e);
        break;
    default:
        break;
    }
    give_event(loop, &e);
}

static void take_notification(struct usr_loop *loop, struct usr_endpoint *ep, const struct piece *p)
{
    struct reasm_piece part = {.kind = REASM_NOTIFICATION, .msg = {.data = p->data, .len = (uint32_t)p->len}},
                       whole;
    bool last = p->flags & MSG_EOR;
    uint64_t bytes;
    unsigned before = loop->item_count;
    if (last && !reasm_under_way(&loop->reassembly, &ep->base.reading, REASM_NOTIFICATION, &part.msg)) {
        take_event(loop, ep, p->data, p->len, &p->from);
        if (loop->item_count != before)
            loop->arena_used += (p->len + 7) & ~(size_t)7;
        return;
    }
    if (reasm_add(&loop->reassembly, &ep->base.reading, &part, last, &whole, &bytes) == REASM_WHOLE)
        take_event(loop, ep, whole.msg.data, whole.msg.len, &p->from);
}

static bool has_slot(const struct usr_loop *loop)
{
    return loop->item_count < loop->base.params.slots &&
           loop->arena_size - loop->arena_used >= loop->base.params.slot_bytes &&
           !reasm_turn_full(&loop->reassembly);
}

enum tr_code usr_recv(struct tr_endpoint *base, unsigned max, const struct tr_item **items, unsigned *count)
{
    struct usr_endpoint *ep = usr_ep(base);
    struct usr_loop *loop = usr_loop_of(base);
    unsigned first = loop->item_count;
    unsigned most = reasm_batch_limit(&loop->reassembly, &base->reading, loop->base.params.slots,
                                      loop->base.params.slot_bytes);
    ep->end_unread = false;
    bool drained = base->reading.held_back;
    for (unsigned read = 0;
         !drained && read < most && has_slot(loop) && (max == 0 || loop->item_count - first < max); read++) {
        struct piece p = {.data = loop->arena + loop->arena_used};
        enum outcome outcome = read_piece(ep, &p, loop->base.params.slot_bytes, 0);
        drained = outcome != READ_PIECE;
        if (drained) {
            ep->may_read = false;
            ep->ended = outcome == READ_END;
        } else if (p.flags & MSG_NOTIFICATION) {
            take_notification(loop, ep, &p);
        } else {
            take_data(loop, ep, &p);
        }
    }
    usr_pieces_read(loop, ep);
    *items = &loop->items[first];
    *count = loop->item_count - first;
    if (*count > 0)
        return TR_OK;
    return drained || base->reading.held_back ? TR_AGAIN : TR_NO_SLOT;
}
