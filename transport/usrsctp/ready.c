/* Which endpoints are ready.
 *
 * The stack's upcall says "look at me" after a packet of an association was handled; it does not come for
 * what timers did, nor for one-to-many sockets that can be written again. So an upcall, like every call of
 * ours that may change something, only marks an endpoint; marked ones and those that wait to write stand in a
 * queue; and after every run of the stack's timers all endpoints are looked at once (20 ns each).
 *
 * An endpoint that is not read is only asked, after an upcall or the timers and every UNREAD_MS at most,
 * whether it still has the associations whose end was not read (TR_ENDED).
 *
 * Reading is level-triggered by asking the stack. When a read finds nothing although the socket counts
 * bytes (the rest of a message under partial delivery), the mark is taken away until something happens again.
 *
 * Writing. Send buffers are counted per association, and nothing tells how full one is. But a send to a
 * stream that cannot exist is refused for that only after the question of room was answered, so it tells
 * without doing anything. Associations that have refused a message are asked so, when a packet came from
 * their peer (an acknowledgement frees room) or a tenth of a second is over (messages may expire). To spare
 * wake-ups a blocked one counts as writable when it has room for an eighth of its buffer. An endpoint is
 * writable when none of its associations is blocked, or when one of them has room again, until the program
 * tries that. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <errno.h>

#include <utlist.h>

enum { UNREAD_MS = 10, BLOCKED_MS = 100, ROOM_SHARE = 8, NO_STREAM = 65535 };

static void enqueue(struct usr_endpoint *ep)
{
    struct usr_loop *loop = usr_loop_of(&ep->base);
    if (ep->queued)
        return;
    ep->queued = true;
    DL_APPEND2(loop->queue, ep, queue_prev, queue_next);
}

void usr_ready_forget(struct usr_endpoint *ep)
{
    struct usr_loop *loop = usr_loop_of(&ep->base);
    if (!ep->queued)
        return;
    ep->queued = false;
    DL_DELETE2(loop->queue, ep, queue_prev, queue_next);
}

static bool worth_a_look(const struct usr_endpoint *ep)
{
    bool in = tr_watched(&ep->base) & TR_READABLE
                  ? ep->may_read
                  : ep->end_unread || (ep->stirred && ep->base.alive.count > 0);
    return in || (ep->base.watch & TR_WRITABLE);
}

void usr_ready_mark(struct usr_endpoint *ep)
{
    ep->may_read = ep->stirred = true;
    if (worth_a_look(ep))
        enqueue(ep);
}

void usr_upcall(struct socket *so, void *arg, int flags)
{
    struct usr_endpoint *ep = arg;
    (void)so;
    (void)flags;
    if (!ep->ended)
        usr_ready_mark(ep);
}

enum tr_code usr_watch(struct tr_endpoint *base, unsigned flags)
{
    base->watch = flags;
    if (!(flags & TR_READABLE))
        usr_ep(base)->stirred = true; /* an end may be there already */
    if (worth_a_look(usr_ep(base)))
        enqueue(usr_ep(base));
    return TR_OK;
}

/* ---- Writing ---------------------------------------------------------------------------------------- */

static uint64_t packets_heard(struct usr_endpoint *ep, uint32_t index)
{
    struct usr_path *path = usr_path_at(usr_loop_of(&ep->base), index);
    return path != NULL ? path->packets_in : ep->udp->packets_in;
}

static struct usr_blocked *find_blocked(struct usr_endpoint *ep, uint32_t assoc)
{
    for (unsigned i = 0; i < ep->blocked_count; i++)
        if (ep->blocked[i].assoc == assoc)
            return &ep->blocked[i];
    return NULL;
}

static uint32_t path_index(struct usr_endpoint *ep, uint32_t assoc)
{
    struct sctp_status status;
    if (!usr_status(ep, assoc, &status))
        return USR_NO_PATH;
    const struct usr_path *path = usr_path_of(usr_loop_of(&ep->base), usr_primary(&status));
    return path != NULL ? path->index : USR_NO_PATH;
}

void usr_ready_block(struct usr_endpoint *ep, uint32_t assoc, uint32_t len)
{
    if (ep->base.style == TR_ONE_TO_ONE)
        assoc = 0;
    struct usr_blocked *b = find_blocked(ep, assoc);
    if (b == NULL && ep->blocked_count == USR_BLOCKED) {
        ep->blocked_more = true;
        return;
    }
    if (b == NULL)
        b = &ep->blocked[ep->blocked_count++];
    uint32_t share = ep->kept.no_fragments ? 0 : (uint32_t)ep->kept.sndbuf / ROOM_SHARE;
    *b = (struct usr_blocked){.assoc = assoc,
                              .len = len > share ? len : share,
                              .path = path_index(ep, assoc),
                              .looked_ms = usr_loop_of(&ep->base)->now_ms};
    b->seen = packets_heard(ep, b->path);
}

void usr_ready_unblock(struct usr_endpoint *ep, uint32_t assoc)
{
    struct usr_blocked *b = find_blocked(ep, ep->base.style == TR_ONE_TO_ONE ? 0 : assoc);
    if (b != NULL)
        *b = ep->blocked[--ep->blocked_count];
}

enum room { ROOM, NO_ROOM, NOBODY };

static enum room ask_for_room(struct usr_endpoint *ep, uint32_t assoc, uint32_t len)
{
    struct sctp_sndinfo info = {.snd_sid = NO_STREAM, .snd_assoc_id = assoc};
    (void)usrsctp_sendv(ep->so, "", len, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, 0);
    switch (usr_code(errno)) {
    case TR_AGAIN:
        return NO_ROOM;
    case TR_NO_ASSOC:
        return NOBODY;
    default:
        return ROOM;
    }
}

/* Looks at a blocked association where that may bring news. False: it is gone. */
static bool look_at(struct usr_endpoint *ep, struct usr_blocked *b)
{
    int64_t now = usr_loop_of(&ep->base)->now_ms;
    uint64_t heard = packets_heard(ep, b->path);
    if (b->open || (heard == b->seen && now - b->looked_ms < BLOCKED_MS))
        return true;
    enum room room = ask_for_room(ep, b->assoc, b->len);
    b->seen = heard;
    b->looked_ms = now;
    b->open = room == ROOM;
    return room != NOBODY;
}

static bool is_writable(struct usr_endpoint *ep)
{
    bool open = false;
    for (unsigned i = 0; i < ep->blocked_count;) {
        if (look_at(ep, &ep->blocked[i]))
            open |= ep->blocked[i++].open;
        else
            ep->blocked[i] = ep->blocked[--ep->blocked_count];
    }
    if (open || (ep->blocked_count == 0 && !ep->blocked_more))
        return true;
    bool more = ep->blocked_more && ep->blocked_count < USR_BLOCKED;
    if (more)
        ep->blocked_more = false; /* somebody left: the others may try their luck */
    return more;
}

/* ---- The list --------------------------------------------------------------------------------------- */

void usr_ready_look(struct usr_loop *loop)
{
    for (struct usr_endpoint *ep = loop->endpoints; ep != NULL; ep = ep->next)
        if ((!ep->may_read || !(tr_watched(&ep->base) & TR_READABLE)) && !ep->ended &&
            (usrsctp_get_events(ep->so) & SCTP_EVENT_READ))
            usr_ready_mark(ep);
}

/* An association ended whose end stands unread, behind data maybe. */
static bool is_end_unread(struct usr_endpoint *ep)
{
    const struct tr_alive *alive = &ep->base.alive;
    struct sctp_status status;
    int64_t now = usr_loop_of(&ep->base)->now_ms;
    if (!ep->stirred || now - ep->stirred_ms < UNREAD_MS)
        return ep->end_unread;
    for (unsigned i = 0; i < alive->count && !ep->end_unread; i++)
        ep->end_unread = !usr_status(ep, alive->ids[i], &status);
    ep->stirred = false;
    ep->stirred_ms = now;
    return ep->end_unread;
}

static unsigned ready_flags(struct usr_endpoint *ep)
{
    unsigned flags = 0;
    if (!(tr_watched(&ep->base) & TR_READABLE) && is_end_unread(ep)) {
        /* it is over: what it has begun waits for nothing any more */
        adm_forget(&usr_loop_of(&ep->base)->reassembly.admission, &ep->base.reading);
        flags |= ep->base.watch & TR_READABLE ? TR_READABLE : TR_ENDED;
    }
    if (ep->may_read && (tr_watched(&ep->base) & TR_READABLE)) {
        if (usrsctp_get_events(ep->so) & SCTP_EVENT_READ)
            flags |= TR_READABLE;
        else
            ep->may_read = false;
    }
    if ((ep->base.watch & TR_WRITABLE) && is_writable(ep))
        flags |= TR_WRITABLE;
    return flags;
}

unsigned usr_ready_collect(struct usr_loop *loop, struct tr_ready *ready, unsigned max)
{
    unsigned count = 0;
    struct usr_endpoint *last = loop->queue != NULL ? loop->queue->queue_prev : NULL;
    for (struct usr_endpoint *ep = loop->queue, *next; ep != NULL && count < max; ep = next) {
        bool end = ep == last;
        next = end ? NULL : ep->queue_next;
        unsigned flags = ready_flags(ep);
        if (flags != 0)
            ready[count++] = (struct tr_ready){&ep->base, ep->base.cookie, flags};
        ep->end_unread = false; /* told; again when something happens */
        usr_ready_forget(ep);
        if (worth_a_look(ep))
            enqueue(ep); /* behind the others: each has its turn when the list is short */
    }
    return count;
}

void usr_again(struct tr_endpoint *base, unsigned flags)
{
    if (!(flags & TR_ENDED))
        return;
    usr_ep(base)->end_unread = true;
    enqueue(usr_ep(base));
}

bool usr_ready_any(struct usr_loop *loop)
{
    for (struct usr_endpoint *ep = loop->queue; ep != NULL; ep = ep->queue_next)
        if (ready_flags(ep) != 0)
            return true;
    return false;
}
