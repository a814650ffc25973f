/* Receiving: recvmmsg straight into the loop's slots. A message that came whole is an item that points into
 * its slot; pieces go to the reassembly, and the last one makes the item.
 *
 * Slots are used from front to back and given back all at once when the turn ends. A batch's trailing slots
 * that made no item (pieces, end of file) are free again at once, so that a long message does not use up the
 * turn. There are at least as many used slots as items, so the items' array needs no check of its own. */
#include "transport/kernel/kernel_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

void kernel_slots_init(struct kernel_loop *l)
{
    for (unsigned i = 0; i < l->base.params.slots; i++) {
        l->in_vec[i] = (struct iovec){l->memory + i * l->stride, l->base.params.slot_bytes};
        l->in[i].msg_hdr.msg_iov = &l->in_vec[i];
        l->in[i].msg_hdr.msg_iovlen = 1;
        l->in[i].msg_hdr.msg_control = &l->in_control[i];
        l->in[i].msg_hdr.msg_controllen = sizeof l->in_control[i];
    }
}

/* The message's association, stream and so on; all zero where the program turned data_io off. */
static struct tr_msg message_at(struct kernel_loop *l, unsigned slot)
{
    const struct mmsghdr *h = &l->in[slot];
    const struct cmsghdr *c = &l->in_control[slot].align;
    struct tr_msg m = {.data = l->in_vec[slot].iov_base, .len = h->msg_len};
    if (h->msg_hdr.msg_controllen < sizeof *c || c->cmsg_type != SCTP_RCVINFO ||
        c->cmsg_level != IPPROTO_SCTP || c->cmsg_len < CMSG_LEN(sizeof(struct sctp_rcvinfo)))
        return m;
    struct sctp_rcvinfo info;
    memcpy(&info, CMSG_DATA(c), sizeof info);
    m.assoc = (uint32_t)info.rcv_assoc_id;
    m.stream = info.rcv_sid;
    m.flags = (info.rcv_flags & SCTP_UNORDERED) ? TR_UNORDERED : 0;
    m.ppid = ntohl(info.rcv_ppid);
    m.context = info.rcv_context;
    m.ssn = info.rcv_ssn;
    m.tsn = info.rcv_tsn;
    m.cumtsn = info.rcv_cumtsn;
    return m;
}

/* A message was dropped: TR_EV_OVERSIZED or TR_EV_NO_ROOM. */
static bool dropped(struct kernel_loop *l, enum tr_event_type why, const struct tr_msg *m, uint64_t bytes,
                    struct tr_item *item)
{
    (*(why == TR_EV_OVERSIZED ? &l->base.stats.oversized : &l->base.stats.no_room))++;
    *item = (struct tr_item){
        .kind = TR_EVENT,
        .event = {.type = why, .assoc = m->assoc, .oversized = {.stream = m->stream, .bytes = bytes}}};
    return true;
}

/* A message or a piece of one. False: no item (yet). */
static bool message_item(struct kernel_loop *l, struct kernel_endpoint *ep, unsigned slot, bool whole,
                         struct tr_item *item)
{
    struct tr_msg m = message_at(l, slot);
    if (!whole || reasm_under_way(&l->pieces, &ep->base.reading, REASM_RECEIVED, &m)) {
        struct reasm_piece piece = {.msg = m}, all;
        uint64_t bytes;
        switch (reasm_add(&l->pieces, &ep->base.reading, &piece, whole, &all, &bytes)) {
        case REASM_MORE:
            return false;
        case REASM_DROPPED:
            return dropped(l, TR_EV_OVERSIZED, &all.msg, bytes, item);
        case REASM_NO_ROOM:
            return dropped(l, TR_EV_NO_ROOM, &all.msg, bytes, item);
        case REASM_WHOLE:
            l->base.stats.reassembled++;
            m = all.msg;
        }
    } else if (m.len > l->pieces.max_message) {
        return dropped(l, TR_EV_OVERSIZED, &m, m.len, item);
    }
    l->base.stats.messages_in++;
    l->base.stats.bytes_in += m.len;
    item->kind = TR_MESSAGE;
    item->msg = m;
    return true;
}

/* Linux tells which stream's message broke off only with message interleaving (RFC 8260). Without it, one
 * message at a time can be half delivered, and the event's stream is always 0. */
static void forget_pieces(struct kernel_loop *l, struct kernel_endpoint *ep, const struct tr_event *e)
{
    struct sctp_assoc_value interleaving = {.assoc_id = (sctp_assoc_t)e->assoc};
    socklen_t len = sizeof interleaving;
    l->base.stats.syscalls++;
    if (getsockopt(ep->fd, IPPROTO_SCTP, SCTP_INTERLEAVING_SUPPORTED, &interleaving, &len) == 0 &&
        interleaving.assoc_value != 0)
        reasm_abort_stream(&l->pieces, &ep->base.reading, e->assoc, (uint16_t)e->partial.stream);
    else
        reasm_abort_assoc(&l->pieces, &ep->base.reading, e->assoc);
}

/* Linux tells how many streams were added; the event, how many there are. */
static void count_streams(struct kernel_loop *l, struct kernel_endpoint *ep, struct tr_event *e)
{
    struct sctp_status status = {.sstat_assoc_id = (sctp_assoc_t)e->assoc};
    socklen_t len = sizeof status;
    l->base.stats.syscalls++;
    getsockopt(ep->fd, IPPROTO_SCTP, SCTP_STATUS, &status, &len); /* fails where it has ended: none, then */
    e->stream_change.outbound_streams = status.sstat_outstrms;
    e->stream_change.inbound_streams = status.sstat_instrms;
}

/* Who ended the association, where no cause stands in or behind the event: Linux has left it in the socket's
 * error (of a peeled-off socket, not of a one-to-many one), which recvmmsg may have returned before the
 * event. */
static void find_end(struct kernel_endpoint *ep, struct tr_event *e)
{
    int error = ep->error;
    socklen_t len = sizeof error;
    bool over = e->change.state == TR_COMM_LOST || e->change.state == TR_CANT_ASSOC;
    if (!over || ep->stream)
        return;
    ep->error = 0;
    if (e->change.end != TR_END_UNTOLD)
        return;
    if (error == 0) {
        kernel_count(ep, 1);
        if (getsockopt(ep->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
            return;
    }
    if (error == ECONNRESET || error == ECONNREFUSED)
        e->change.end = TR_END_PEER;
    else if (error == ECONNABORTED)
        e->change.end = TR_END_HERE;
    else if (error == ETIMEDOUT)
        e->change.end = TR_END_TIMEOUT;
}

static void follow_event(struct kernel_loop *l, struct kernel_endpoint *ep, struct tr_event *e)
{
    if (e->type == TR_EV_STREAM_CHANGE)
        count_streams(l, ep, e);
    if (e->type == TR_EV_ASSOC_CHANGE) {
        find_end(ep, e);
        tr_alive_follow(&ep->base.alive, e);
        if (ep->base.watch & TR_WRITABLE)
            kernel_wait_for_tick(l, ep);
    }
    if (l->pieces.under_way == 0)
        return;
    if (e->type == TR_EV_PARTIAL_DELIVERY)
        forget_pieces(l, ep, e);
    else if (e->type == TR_EV_ASSOC_CHANGE)
        reasm_abort_assoc(&l->pieces, &ep->base.reading, e->assoc);
}

/* A sent message comes back fragment by fragment; Linux keeps the fragments of one message together and gives
 * all of them, the acknowledged ones too. It counts as sent when any of it was. False: no item (yet). */
static bool gather_failed(struct kernel_loop *l, struct kernel_endpoint *ep, unsigned fragment,
                          struct tr_event *e)
{
    struct adm_owner *owner = &ep->base.reading;
    struct reasm_piece piece = {REASM_RETURNED, e->failed.was_sent, e->failed.msg}, all;
    uint64_t bytes;
    if (fragment == (TR_FIRST | TR_LAST))
        return true;
    if (fragment & TR_FIRST)
        reasm_abort_one(&l->pieces, owner, REASM_RETURNED, &piece.msg);
    else if (!reasm_under_way(&l->pieces, owner, REASM_RETURNED, &piece.msg))
        return false; /* its beginning is missing: not to be passed off as the message */
    if (reasm_add(&l->pieces, owner, &piece, fragment & TR_LAST, &all, &bytes) != REASM_WHOLE)
        return false;
    e->failed.msg = all.msg;
    e->failed.was_sent = all.was_sent;
    return true;
}

/* Where an association that is new was set up from. */
static void take_from(struct kernel_loop *l, unsigned slot, struct tr_event *e)
{
    const struct msghdr *h = &l->in[slot].msg_hdr;
    if (e->change.state != TR_COMM_UP || !h->msg_name || h->msg_namelen < sizeof(struct sockaddr_in))
        return;
    memcpy(&e->change.from, h->msg_name,
           h->msg_namelen < sizeof e->change.from ? h->msg_namelen : sizeof e->change.from);
    kernel_clean_address(&e->change.from);
}

/* A notification; one with a large payload comes in pieces as well, one directly after the other. */
static bool event_item(struct kernel_loop *l, struct kernel_endpoint *ep, unsigned slot, bool whole,
                       struct tr_item *item)
{
    struct reasm_piece piece = {.kind = REASM_NOTIFICATION,
                                .msg = {.data = l->in_vec[slot].iov_base, .len = l->in[slot].msg_len}};
    struct adm_owner *owner = &ep->base.reading;
    if (!whole || reasm_under_way(&l->pieces, owner, REASM_NOTIFICATION, &piece.msg)) {
        struct reasm_piece part = piece;
        uint64_t bytes;
        if (reasm_add(&l->pieces, owner, &part, whole, &piece, &bytes) != REASM_WHOLE)
            return false;
    }
    struct tr_notice notice;
    if (!kernel_event(piece.msg.data, piece.msg.len, &notice))
        return false;
    *item = (struct tr_item){.kind = TR_EVENT, .event = notice.event};
    if (item->event.type == TR_EV_SEND_FAILED)
        return gather_failed(l, ep, notice.fragment, &item->event);
    if (item->event.type == TR_EV_ASSOC_CHANGE)
        take_from(l, slot, &item->event);
    follow_event(l, ep, &item->event);
    return true;
}

/* Of a listening endpoint the stack is asked for addresses, too: it gives that of an association that has
 * ended since. The others are spared the copying. */
static void ask_from(struct kernel_loop *l, unsigned first, unsigned n, bool on)
{
    for (unsigned slot = first; slot < first + n; slot++) {
        l->in[slot].msg_hdr.msg_name = on ? &l->in_from[slot] : NULL;
        l->in[slot].msg_hdr.msg_namelen = on ? sizeof l->in_from[slot] : 0;
    }
}

/* Turns a batch in the slots from `first` on into items. Returns how many. */
static unsigned take_batch(struct kernel_loop *l, struct kernel_endpoint *ep, unsigned first, unsigned n)
{
    struct tr_item *items = l->items + first;
    unsigned count = 0;
    for (unsigned slot = first; slot < first + n; slot++) {
        struct mmsghdr *h = &l->in[slot];
        bool whole = h->msg_hdr.msg_flags & MSG_EOR, item;
        if (h->msg_hdr.msg_flags & MSG_NOTIFICATION) {
            item = event_item(l, ep, slot, whole, &items[count]);
        } else if (h->msg_len == 0) {
            kernel_at_end(ep);
            item = false;
        } else {
            item = message_item(l, ep, slot, whole, &items[count]);
        }
        h->msg_hdr.msg_controllen = sizeof l->in_control[slot];
        if (item) {
            count++;
            l->next_slot = slot + 1;
        }
    }
    return count;
}

enum tr_code kernel_recv(struct tr_endpoint *tep, unsigned max, const struct tr_item **items, unsigned *count)
{
    enum { AT_END_BATCH = 4 }; /* behind the end of file every slot would come back empty */
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    struct kernel_loop *l = kernel_loop(tep->loop);

    /* How an association ended is also an error of a socket that has only one. It is told once, before what
     * waits there; the event, which says less, takes it along. */
    unsigned errors = 0;
    *count = 0;
    /* Goes on while there are only pieces, but not for ever: a message without end must not hold the loop. */
    for (unsigned read = 0; read < l->base.params.slots && !tep->reading.held_back;) {
        unsigned first = l->next_slot, room = l->base.params.slots - first;
        if (room == 0 || reasm_turn_full(&l->pieces))
            return TR_NO_SLOT;
        room = reasm_batch_limit(&l->pieces, &tep->reading, room, l->base.params.slot_bytes);
        if (max != 0 && max < room)
            room = max;
        if (ep->at_end && room > AT_END_BATCH)
            room = AT_END_BATCH;
        l->base.stats.syscalls++;
        if (ep->listens)
            ask_from(l, first, room, true);
        int n = recvmmsg(ep->fd, l->in + first, room, MSG_DONTWAIT, NULL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN && errors++ == 0) {
            ep->error = errno;
            continue;
        }
        if (n > 0)
            *count = take_batch(l, ep, first, (unsigned)n);
        if (ep->listens)
            ask_from(l, first, room, false);
        if (n <= 0)
            break;
        kernel_pieces_read(l, ep);
        if (*count > 0) {
            *items = l->items + first;
            return TR_OK;
        }
        if ((unsigned)n < room || ep->at_end)
            break;
        read += (unsigned)n;
    }
    return TR_AGAIN;
}
