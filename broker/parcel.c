/* Messages that wait: copying them, the parcels they wait in, dropping them, and posting them to other
 * workers.
 *
 * A copy is charged to the credit of the socket it was read from, unless its route limits it where it waits
 * (room.c). A socket whose credit is used up is not read until half of it is free again (socket.c). So the
 * amount that waits is bounded, and nothing is dropped for arriving too fast where no route says so. */
#include "broker/parcel.h"

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/drop.h"
#include "broker/queue.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "routing/snapshot.h"
#include "transport/transport.h"

void brk_count_source_drop(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                           uint32_t route, enum brk_drop reason)
{
    const struct brk_dropped d = brk_dropped_of(from, m, route);
    brk_count(&from->socket->traffic->dropped, 1);
    brk_count_drop(w, &d, reason);
}

void brk_release(struct rt_message *m)
{
    struct rt_credit *credit = m->credit;
    rt_message_release(m);
    if (credit && credit->source)
        brk_socket_check_resume(brk_socket_of(credit->source));
}

void brk_parcel_done(struct brk_worker *w, struct rt_parcel *p)
{
    struct rt_message *m = p->message;
    struct rt_credit *credit = m->owner == w->index ? m->credit : NULL;
    if (rt_parcel_done(p, w->index, &m))
        rt_batch_add(&w->out[m->owner], &m->first);
    else if (credit && credit->source)
        brk_socket_check_resume(brk_socket_of(credit->source));
}

void brk_drop_parcel(struct brk_worker *w, struct rt_parcel *p, enum brk_drop reason)
{
    struct brk_dropped d = brk_dropped_message(p->message, p->route);
    brk_count_drop(w, &d, reason);
    brk_uncount(&w->counts.waiting, 1);
    brk_parcel_done(w, p);
}

void brk_drop_undelivered(struct brk_worker *w, struct rt_parcel *p)
{
    brk_drop_parcel(w, p, p->message->was_sent ? BRK_UNACKNOWLEDGED : BRK_PEER_LOST);
}

void brk_drop_batch(struct brk_worker *w, struct rt_batch *b, enum brk_drop reason)
{
    struct rt_parcel *p;
    while ((p = rt_batch_take(b)))
        brk_drop_parcel(w, p, reason);
}

void brk_drop_queue(struct brk_worker *w, struct brk_queue *q, enum brk_drop reason)
{
    struct rt_parcel *p;
    while ((p = brk_queue_take(q)))
        brk_drop_parcel(w, p, reason);
}

/* Whom a copy is charged to. An association that shares a socket has a credit of its own, so that its pause
 * is its own. One that has just ended stops nobody. */
static struct rt_credit *credit_of(struct brk_worker *w, struct brk_assoc *from, enum brk_charge charge)
{
    struct brk_socket *s = from->socket;
    if (charge == BRK_NOT_CHARGED)
        return &w->uncharged;
    if (s->peeloff == CFG_PEELOFF_NEVER)
        return &s->credit;
    s = brk_assoc_own(from);
    return s ? &s->credit : &w->uncharged;
}

struct rt_message *brk_copy_message(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                                    uint32_t route, enum brk_charge charge)
{
    struct rt_credit *credit = credit_of(w, from, charge);
    struct rt_message *copy = rt_message_new(w->index, credit, m->data, m->len);
    if (!copy) {
        brk_count_source_drop(w, from, m, route, BRK_NO_MEMORY);
        return NULL;
    }
    copy->stream = m->stream;
    copy->flags = m->flags;
    copy->ppid = m->ppid;
    copy->origin = from->origin;
    copy->source = from->socket->source;
    copy->entered_ms = w->now_ms;
    brk_count(&w->counts.copied, 1);
    if (charge == BRK_STOPS && credit->source)
        rt_message_stop_source(copy);
    if (credit->source)
        brk_socket_check_pause(brk_socket_of(credit->source));
    return copy;
}

void brk_stop_source(struct rt_message *m)
{
    if (!m->credit || !m->credit->source)
        return;
    rt_message_stop_source(m);
    brk_socket_check_pause(brk_socket_of(m->credit->source));
}

void brk_free_source(struct brk_worker *w, struct rt_message *m)
{
    struct rt_credit *credit = m->credit;
    if (m->owner != w->index || !credit || !credit->source)
        return;
    rt_message_charge(m, &w->uncharged);
    brk_socket_check_resume(brk_socket_of(credit->source));
}

struct rt_parcel *brk_parcel_new(struct brk_worker *w, struct rt_message *m, uint32_t route)
{
    struct rt_parcel *p = rt_parcel_new(m, RT_DELIVER, NULL);
    if (!p) {
        struct brk_dropped d = brk_dropped_message(m, route);
        brk_count_drop(w, &d, BRK_NO_MEMORY);
        return NULL;
    }
    p->control = 0;
    p->stream = m->stream;
    p->route = route;
    brk_count(&w->counts.waiting, 1);
    return p;
}

struct rt_parcel *brk_copy_to_parcel(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                                     uint32_t route, enum brk_charge charge)
{
    struct rt_message *copy = brk_copy_message(w, from, m, route, charge);
    if (!copy)
        return NULL;
    struct rt_parcel *p = brk_parcel_new(w, copy, route);
    rt_message_unref(copy, w->index); /* the parcel has a reference of its own */
    return p;
}

void brk_post(struct brk_worker *w)
{
    struct brk_broker *b = w->broker;
    for (unsigned i = 0; i < b->worker_count; i++)
        if (w->out[i].count)
            rt_inbox_post(&b->workers[i]->inbox, &w->out[i]);
    if (w->out[b->worker_count].count)
        rt_inbox_post(&b->control, &w->out[b->worker_count]);
}

void brk_hand_out(struct brk_worker *w, unsigned worker, struct rt_parcel *p)
{
    brk_uncount(&w->counts.waiting, 1);
    brk_count(&w->counts.handed_out, 1);
    rt_batch_add(&w->out[worker], p);
}

void brk_post_to(struct brk_worker *w, struct rt_dest *d, struct rt_parcel *p)
{
    p->to = d;
    brk_hand_out(w, d->worker, p);
}
