/* Messages that the stack gives back, and what waits for an association that has ended.
 *
 * What comes back is kept as undelivered until everything that belongs with it has been read. If the
 * association is still up, the stack has given it up (see reliability.c), and it is dropped. If the
 * association has ended, each message goes to the worker that had read it and is sent again by the route that
 * it has under the plan in force, before whatever is parked there. It keeps its stream and source, so that
 * the same member is chosen for it as for the messages behind it.
 *
 * First it is sorted into the order in which it was sent; sent.h says why the stack gives it back in
 * another one. */
#include "broker/returned.h"

#include "broker/assoc.h"
#include "broker/capture.h"
#include "broker/dest.h"
#include "broker/dispatch.h"
#include "broker/drop.h"
#include "broker/handover.h"
#include "broker/history.h"
#include "broker/parcel.h"
#include "broker/reliability.h"
#include "broker/sent.h"
#include "broker/session/session.h"
#include "broker/silent.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "routing/table.h"
#include "transport/transport.h"

/* Merge sort on the parcels' own links: it cannot fail. */
static void sort(const struct brk_sent_log *l, struct rt_batch *b)
{
    struct rt_batch half[2], sorted;
    if (b->count < 2)
        return;
    rt_batch_init(&half[0]);
    rt_batch_init(&half[1]);
    rt_batch_init(&sorted);
    for (uint32_t first = b->count / 2; b->count;)
        rt_batch_add(&half[half[0].count == first], rt_batch_take(b));
    sort(l, &half[0]);
    sort(l, &half[1]);
    while (half[0].count && half[1].count) {
        bool later = brk_sent_before(l, rt_batch_peek(&half[1])->order, rt_batch_peek(&half[0])->order);
        rt_batch_add(&sorted, rt_batch_take(&half[later]));
    }
    rt_batch_append(&sorted, &half[0]);
    rt_batch_append(&sorted, &half[1]);
    rt_batch_append(b, &sorted);
}

static bool keeps(const struct brk_assoc *a, const struct brk_session *kind)
{
    return a && a->session && a->session->keeps && a->session->keeps(a, kind);
}

/* To the worker that had read it, which decides its order. */
static void hand_over(struct brk_worker *w, struct rt_parcel *p)
{
    p->control = BRK_RETURNED;
    brk_uncount(&w->counts.waiting, 1);
    brk_count(&w->counts.handed_out, 1);
    rt_batch_add(&w->out[brk_reader(w, p->message)], p);
}

/* `passed`: another worker returns it to this one. That one may know of a new owner already, by a newer
 * snapshot or because it was the old one itself. */
static bool is_read_here(const struct brk_worker *w, const struct rt_message *m, bool passed)
{
    return brk_reader(w, m) == w->index || (passed && !brk_is_handed(w->handing, m));
}

void brk_send_again(struct brk_worker *w, const struct brk_assoc *by, struct rt_parcel *p)
{
    if (brk_is_expired(w, p)) {
        brk_drop_parcel(w, p, BRK_EXPIRED);
        return;
    }
    /* What is left of a large message whose peer has acknowledged a part of it is no longer a message. Of
     * a fan-out the others have their copies. An answer has no route: it was for the association that has
     * ended. */
    if (!p->message->len || p->route == RT_NO_ROUTE || p->message->fan_out) {
        brk_drop_undelivered(w, p);
        return;
    }
    bool found = brk_route_again(w, p), passed = p->control == BRK_RETURNED;
    const struct brk_session *kind = brk_sessions[w->config->routes[p->route].session];
    p->to = NULL;
    p->control = 0;
    if (keeps(by, kind))
        brk_drop_undelivered(w, p);
    else if (!found)
        brk_drop_parcel(w, p, BRK_NO_ROUTE);
    else if (!is_read_here(w, p->message, passed))
        hand_over(w, p);
    else if (brk_is_handed(w->arriving, p->message))
        brk_queue_add(&w->arriving->came_back, p);
    else
        kind->returned(w, p);
}

void brk_pass_on(struct brk_worker *w, struct brk_assoc *a)
{
    struct rt_parcel *p;
    sort(&a->outbox.sent, &a->outbox.undelivered);
    while ((p = rt_batch_take(&a->outbox.undelivered)))
        brk_send_again(w, a, p);
    while ((p = brk_queue_take(&a->outbox.pending)))
        brk_send_again(w, a, p);
}

void brk_drop_given_up(struct brk_worker *w, struct brk_assoc *a)
{
    struct rt_parcel *p;
    sort(&a->outbox.sent, &a->outbox.undelivered);
    while ((p = rt_batch_take(&a->outbox.undelivered)))
        if (p->message->no_error)
            brk_drop_parcel(w, p, BRK_EXPIRED);
        else
            brk_send_again(w, a, p);
}

static void uncount_delivered(struct brk_traffic *t, uint32_t bytes)
{
    brk_uncount(&t->delivered, 1);
    brk_uncount(&t->delivered_bytes, bytes);
}

/* Counted as delivered when the stack took it. */
static void count_returned(struct brk_worker *w, struct brk_assoc *a, const struct brk_sent *sent,
                           uint32_t bytes)
{
    brk_count(&w->counts.returned, 1);
    uncount_delivered(a->socket->traffic, bytes);
    if (sent->route == RT_NO_ROUTE)
        return;
    uncount_delivered(brk_traffic_of(&w->counts, BRK_ROUTES, sent->route), bytes);
    uncount_delivered(brk_traffic_of(&w->counts, BRK_GROUPS, sent->group), bytes);
}

void brk_give_back(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *failed)
{
    const struct tr_msg *m = &failed->failed.msg;
    struct brk_sent sent = {.route = RT_NO_ROUTE};
    bool known = brk_sent_find(&a->outbox.sent, m->context, &sent);
    count_returned(w, a, &sent, m->len);
    brk_silent_returned(w, a, m->context, &sent);
    if (w->tap)
        brk_capture_returned(w, a, m, &sent);
    brk_note(w, a, BRK_HAPPENED_RETURNED, failed->failed.was_sent ? "sent" : "not sent");
    /* Not charged to its source: what the stack held is bounded by its send buffer. */
    struct rt_message *copy = known ? rt_message_new(w->index, &w->uncharged, m->data, m->len) : NULL;
    if (!copy) { /* or it is not known, because memory ran out when it was to be logged */
        const struct brk_dropped d = {.source = known ? sent.source : BRK_NO_SOURCE,
                                      .route = sent.route,
                                      .ppid = m->ppid,
                                      .stream = m->stream,
                                      .flags = m->flags,
                                      .len = m->len,
                                      .origin = sent.origin,
                                      .data = m->data};
        brk_count_drop(w, &d, BRK_NO_MEMORY);
        return;
    }
    copy->stream = sent.asked == BRK_SAME_STREAM ? m->stream : sent.asked;
    copy->flags = m->flags & TR_UNORDERED;
    copy->no_error = failed->failed.error == 0;
    copy->was_sent = failed->failed.was_sent;
    copy->ppid = m->ppid ^ sent.ppid_bits;
    copy->origin = sent.origin;
    copy->source = sent.source;
    copy->fan_out = sent.fan_out;
    copy->entered_ms = sent.entered_ms;
    struct rt_parcel *p = brk_parcel_new(w, copy, sent.route);
    rt_message_unref(copy, w->index);
    if (!p)
        return;
    p->order = m->context;
    rt_batch_add(&a->outbox.undelivered, p);
    a->socket->has_undelivered = true;
}
