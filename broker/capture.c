/* See capture.h. */
#include "broker/capture.h"

#include <time.h>

#include "broker/assoc.h"
#include "broker/capture_ring.h"
#include "broker/drop.h"
#include "broker/queue.h"
#include "broker/sent.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "routing/table.h"
#include "transport/transport.h"

#define ADDRESSES_MAX 16

_Static_assert(BRK_NO_ROUTE_ID == RT_NO_ROUTE, "one number for no route");

static uint64_t realtime_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Where a listener's associations arrive, as it is configured. */
static void listening_at(const struct brk_worker *w, struct brk_assoc *a)
{
    const struct cfg_listener *l = &w->config->listeners[a->socket->member.index];
    for (unsigned i = 0; i < l->address_count; i++) /* none: it has been removed */
        if (i == 0 || l->addresses[i].sa.sa_family == a->remote.sa.sa_family)
            a->local = l->addresses[i];
}

/* Asked of the stack once for each association, with two calls. It no longer knows one that has ended, of
 * which something is still to be read. */
static void find_addresses(const struct brk_worker *w, struct brk_assoc *a)
{
    struct net_addr list[ADDRESSES_MAX];
    a->addressed = true;
    if (a->remote.sa.sa_family == AF_UNSPEC && !tr_addresses(a->socket->ep, a->id, true, &a->remote, 1))
        a->remote.sa.sa_family = AF_UNSPEC;
    unsigned n = tr_addresses(a->socket->ep, a->id, false, list, ADDRESSES_MAX);
    for (unsigned i = 0; i < n && i < ADDRESSES_MAX; i++)
        if (i == 0 || list[i].sa.sa_family == a->remote.sa.sa_family) {
            a->local = list[i];
            if (list[i].sa.sa_family == a->remote.sa.sa_family)
                break;
        }
    if (!n && a->socket->member.kind == CFG_MEMBER_LISTENER)
        listening_at(w, a);
}

static void put_addresses(const struct brk_worker *w, struct brk_captured *c, struct brk_assoc *a)
{
    if (!a->addressed && a->state == BRK_UP)
        find_addresses(w, a);
    c->local = a->local;
    c->remote = a->remote;
}

static void put_source(struct brk_captured *c, uint32_t source, uint64_t origin)
{
    c->origin = origin;
    c->has_from = source != BRK_NO_SOURCE;
    if (c->has_from)
        c->from = rt_source_member(source);
}

static void put(struct brk_worker *w, struct brk_captured *c, const void *data)
{
    uint32_t snaplen = atomic_load_explicit(&w->tap->snaplen, memory_order_relaxed);
    c->caught = c->len < snaplen ? c->len : snaplen;
    bool kept = brk_capture_ring_put(w->tap, c, sizeof *c, data, c->caught);
    brk_count(kept ? &w->counts.tap_captured : &w->counts.tap_missed, 1);
}

static struct brk_captured message(const struct tr_msg *m, uint32_t route, enum cfg_verdict verdict)
{
    return (struct brk_captured){.route = route,
                                 .ppid = m->ppid,
                                 .len = m->len,
                                 .stream = m->stream,
                                 .unordered = m->flags & TR_UNORDERED,
                                 .verdict = (uint8_t)verdict};
}

void brk_capture_received(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                          uint32_t route)
{
    struct brk_captured c = message(m, route, CFG_RECEIVED);
    c.at_ns = realtime_ns();
    put_source(&c, from->socket->source, from->origin);
    put_addresses(w, &c, from);
    put(w, &c, m->data);
}

void brk_capture_not_accepted(struct brk_worker *w, const struct brk_socket *s, const struct tr_msg *m)
{
    struct brk_captured c = message(m, RT_NO_ROUTE, CFG_RECEIVED);
    c.at_ns = realtime_ns();
    put_source(&c, s->source, 0);
    put(w, &c, m->data);
    c.verdict = CFG_DROPPED;
    c.reason = BRK_NOT_ACCEPTED;
    put(w, &c, m->data);
}

static void sent_to(struct brk_worker *w, struct brk_assoc *a, struct brk_captured *c, const void *data)
{
    c->target = a->origin;
    c->has_to = true;
    c->to = a->socket->member;
    put_addresses(w, c, a);
    put(w, c, data);
}

void brk_capture_gathered(struct brk_worker *w, struct brk_assoc *a, uint32_t g, uint32_t count)
{
    uint64_t now = realtime_ns();
    for (uint32_t i = 0; i < count; i++, g = w->gathered[g].next) {
        const struct brk_gathered *e = &w->gathered[g];
        struct brk_captured c = message(&w->burst[i], e->route, CFG_FORWARDED);
        c.at_ns = now;
        put_source(&c, e->from->socket->source, e->from->origin);
        sent_to(w, a, &c, w->burst[i].data);
    }
}

void brk_capture_pending(struct brk_worker *w, struct brk_assoc *a, uint32_t count)
{
    struct rt_batch *waiting = &a->outbox.pending.parcels;
    struct rt_parcel *p = rt_batch_peek(waiting);
    uint64_t now = realtime_ns();
    for (uint32_t i = 0; i < count; i++, p = rt_batch_next(waiting, p)) {
        struct brk_captured c = message(&w->burst[i], p->route, CFG_FORWARDED);
        c.at_ns = now;
        put_source(&c, p->message->source, p->message->origin);
        sent_to(w, a, &c, w->burst[i].data);
    }
}

void brk_capture_dropped(struct brk_worker *w, const struct brk_dropped *d, enum brk_drop reason)
{
    struct brk_captured c = {.at_ns = realtime_ns(),
                             .route = d->route,
                             .ppid = d->ppid,
                             .len = d->len,
                             .stream = d->stream,
                             .unordered = d->flags & TR_UNORDERED,
                             .verdict = CFG_DROPPED,
                             .reason = (uint8_t)reason};
    put_source(&c, d->source, d->origin);
    put(w, &c, d->data);
}

void brk_capture_returned(struct brk_worker *w, struct brk_assoc *a, const struct tr_msg *m,
                          const struct brk_sent *sent)
{
    struct brk_captured c = message(m, sent->route, CFG_RETURNED);
    c.at_ns = realtime_ns();
    put_source(&c, sent->origin ? sent->source : BRK_NO_SOURCE, sent->origin);
    sent_to(w, a, &c, m->data);
}
