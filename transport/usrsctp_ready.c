/* Which endpoints are ready.
 *
 * The stack's upcall says "look at me" after a packet of an association was handled; it does not come for
 * what timers did, nor for one-to-many sockets that can be written again. So an upcall, like every call of
 * ours that may change something, only marks an endpoint; marked ones and those that wait to write stand in a
 * queue; and after every run of the stack's timers all endpoints are looked at once (20 ns each).
 *
 * Reading is level-triggered by asking the stack. When a read finds nothing although the socket counts
 * bytes (the rest of a message under partial delivery), the mark is taken away until something happens again.
 *
 * Writing: the send buffer is counted per association, and nothing tells how full it is. A refused send
 * blocks the endpoint until a packet came from that peer (an acknowledgement frees room) or a tenth of a
 * second is over (messages may expire); then the program tries again. */
#include "transport/usrsctp_priv.h"

#include <utlist.h>

enum { BLOCKED_MS = 100 };

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
    return (ep->may_read && (ep->base.watch & TR_READABLE)) || (ep->base.watch & TR_WRITABLE);
}

void usr_ready_mark(struct usr_endpoint *ep)
{
    ep->may_read = true;
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
    if (worth_a_look(usr_ep(base)))
        enqueue(usr_ep(base));
    return TR_OK;
}

/* ---- Writing ---------------------------------------------------------------------------------------- */

static uint64_t packets_heard(struct usr_endpoint *ep)
{
    struct usr_path *path = NULL;
    if (ep->blocked_path != USR_NO_PATH)
        path = usr_path_of(usr_loop_of(&ep->base), (void *)((uintptr_t)ep->blocked_path + 1));
    return path != NULL ? path->packets_in : ep->udp->packets_in;
}

void usr_ready_block(struct usr_endpoint *ep, uint32_t assoc)
{
    struct usr_loop *loop = usr_loop_of(&ep->base);
    struct sctp_status status;
    uint32_t path = USR_NO_PATH;
    if (usr_status(ep, assoc, &status)) {
        const struct sockaddr_conn *sconn = (void *)&status.sstat_primary.spinfo_address;
        path = (uint32_t)((uintptr_t)sconn->sconn_addr - 1);
    }
    ep->blocked_path = ep->blocked && path != ep->blocked_path ? USR_NO_PATH : path;
    ep->blocked = true;
    ep->blocked_seen = packets_heard(ep);
    ep->blocked_ms = loop->now_ms;
}

static bool still_blocked(struct usr_endpoint *ep)
{
    if (ep->blocked && (packets_heard(ep) != ep->blocked_seen ||
                        usr_loop_of(&ep->base)->now_ms - ep->blocked_ms >= BLOCKED_MS))
        ep->blocked = false;
    return ep->blocked;
}

/* ---- The list --------------------------------------------------------------------------------------- */

static void look_at_all(struct usr_loop *loop)
{
    loop->ticked = false;
    for (struct usr_endpoint *ep = loop->endpoints; ep != NULL; ep = ep->next)
        if (!ep->may_read && !ep->ended && (usrsctp_get_events(ep->so) & SCTP_EVENT_READ))
            usr_ready_mark(ep);
}

static unsigned ready_flags(struct usr_endpoint *ep)
{
    unsigned flags = 0;
    if (ep->may_read && (ep->base.watch & TR_READABLE)) {
        if (usrsctp_get_events(ep->so) & SCTP_EVENT_READ)
            flags |= TR_READABLE;
        else
            ep->may_read = false;
    }
    if ((ep->base.watch & TR_WRITABLE) && !still_blocked(ep))
        flags |= TR_WRITABLE;
    return flags;
}

unsigned usr_ready_collect(struct usr_loop *loop, struct tr_ready *ready, unsigned max)
{
    unsigned count = 0;
    if (loop->ticked)
        look_at_all(loop);
    struct usr_endpoint *last = loop->queue != NULL ? loop->queue->queue_prev : NULL;
    for (struct usr_endpoint *ep = loop->queue, *next; ep != NULL && count < max; ep = next) {
        bool end = ep == last;
        next = end ? NULL : ep->queue_next;
        unsigned flags = ready_flags(ep);
        if (flags != 0)
            ready[count++] = (struct tr_ready){&ep->base, ep->base.cookie, flags};
        usr_ready_forget(ep);
        if (worth_a_look(ep))
            enqueue(ep); /* behind the others: each has its turn when the list is short */
    }
    return count;
}

bool usr_ready_any(struct usr_loop *loop)
{
    if (loop->ticked)
        look_at_all(loop);
    for (struct usr_endpoint *ep = loop->queue; ep != NULL; ep = ep->queue_next)
        if (ready_flags(ep) != 0)
            return true;
    return false;
}
