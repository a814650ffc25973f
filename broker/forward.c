/* The way of a message through a worker.
 *
 * Fast path: a message that its destination can take now stays in the receive slot. It is gathered into the
 * destination's burst (an index list in worker->gathered) and sent from there at the end of the turn, in one
 * tr_send per association: no copy, no allocation, no queue. A message is copied (rt_message) only when it
 * must wait: the destination's stack is full or its association not up yet (it then stands in
 * assoc->pending), nobody of the group is there (worker->parked), or the destination belongs to another
 * worker (worker->out, then its inbox).
 *
 * Order: one source association is read by one worker. Per destination a message is gathered only while
 * nothing is pending, and pending is sent oldest first; per group nothing is dispatched while something is
 * parked, and what a lost destination gave back goes before what is parked. Between two workers the inbox
 * keeps the order.
 *
 * Back-pressure: every copy is charged to the credit of the socket it was read from; a socket whose credit is
 * used up is not read until half of it is free again (socket.c). So what waits is bounded and nothing is
 * dropped for being too fast. */
#include "broker/broker_priv.h"

#include <stdlib.h>

/* ---- counting ------------------------------------------------------------------------------------- */

static void count_source_drop(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                              uint32_t route, enum brk_drop reason)
{
    const struct brk_dropped d = {from->socket, route, m->ppid, m->stream};
    brk_count(&from->socket->traffic->dropped, 1);
    brk_count_drop(w, &d, reason);
}

/* Messages that the stack took over, gathered as long as they are of one route, so that the counters are not
 * touched for each of them. */
struct delivered {
    uint32_t route, messages;
    uint64_t bytes;
};

static void count_run(struct brk_traffic *t, const struct delivered *d)
{
    brk_count(&t->delivered, d->messages);
    brk_count(&t->delivered_bytes, d->bytes);
}

static void count_delivered(struct brk_worker *w, struct brk_assoc *a, struct delivered *d)
{
    if (!d->messages)
        return;
    brk_count(&w->counts.delivered, d->messages);
    count_run(a->socket->traffic, d);
    a->socket->sndbuf.taken += (int64_t)(d->bytes + (uint64_t)d->messages * BRK_SNDBUF_MESSAGE);
    if (d->route != RT_NO_ROUTE) {
        count_run(brk_traffic_of(&w->counts, BRK_ROUTES, d->route), d);
        count_run(brk_traffic_of(&w->counts, BRK_GROUPS, w->config->routes[d->route].group), d);
    }
    d->messages = 0;
    d->bytes = 0;
}

static inline void add_delivered(struct brk_worker *w, struct brk_assoc *a, struct delivered *d,
                                 uint32_t route, uint32_t bytes)
{
    if (d->route != route) {
        count_delivered(w, a, d);
        d->route = route;
    }
    d->messages++;
    d->bytes += bytes;
}

/* The stream a message leaves on: the one it came on, or, where that one was not granted, one that was:
 * modulo. */
static uint16_t map_stream(struct brk_worker *w, struct brk_assoc *a, uint32_t asked, uint32_t route)
{
    if (asked < a->out_streams)
        return (uint16_t)asked;
    uint16_t stream = (uint16_t)(asked % a->out_streams);
    uint64_t skipped;
    brk_count(&a->socket->traffic->mapped, 1);
    if (route != RT_NO_ROUTE)
        brk_count(&brk_traffic_of(&w->counts, BRK_ROUTES, route)->mapped, 1);
    if (brk_log_limited(&w->stream_limit, w->now_ms, &skipped))
        brk_log(CFG_LOG_WARNING, "stream_mapped",
                "to=%s assoc=%u stream=%u granted=%u used=%u more_since_last=%llu", brk_assoc_name(a), a->id,
                asked, a->out_streams, stream, (unsigned long long)skipped);
    return stream;
}

/* ---- parcels -------------------------------------------------------------------------------------- */

static void mark_dirty(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->dirty)
        return;
    a->dirty = true;
    a->next_dirty = w->dirty;
    w->dirty = a;
}

void brk_home(struct brk_worker *w, struct rt_message *m)
{
    struct rt_credit *credit = m->credit;
    (void)w;
    rt_message_home(m);
    if (credit)
        brk_socket_check_resume(credit->source);
}

void brk_parcel_done(struct brk_worker *w, struct rt_parcel *p)
{
    struct rt_message *m = p->message;
    struct rt_credit *credit = m->home == w->index ? m->credit : NULL;
    if (rt_parcel_done(p, w->index, &m))
        rt_batch_add(&w->out[m->home], &m->first);
    else if (credit)
        brk_socket_check_resume(credit->source);
}

void brk_drop_parcel(struct brk_worker *w, struct rt_parcel *p, enum brk_drop reason)
{
    struct brk_dropped d = brk_dropped_message(p->message, p->route);
    brk_count_drop(w, &d, reason);
    brk_uncount(&w->counts.waiting, 1);
    brk_parcel_done(w, p);
}

void brk_drop_batch(struct brk_worker *w, struct rt_batch *b, enum brk_drop reason)
{
    struct rt_parcel *p;
    while ((p = rt_batch_take(b)))
        brk_drop_parcel(w, p, reason);
}

/* Copies a message out of its receive slot. NULL: out of memory, counted as dropped. */
static struct rt_message *copy_message(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                                       uint32_t route)
{
    struct rt_message *copy = rt_message_new(w->index, &from->socket->credit, m->data, m->len);
    if (!copy) {
        count_source_drop(w, from, m, route, BRK_NO_MEMORY);
        return NULL;
    }
    copy->stream = m->stream;
    copy->flags = m->flags;
    copy->ppid = m->ppid;
    copy->origin = from->origin;
    copy->source = from->socket->source;
    copy->entered_ms = w->now_ms;
    brk_count(&w->counts.copied, 1);
    brk_socket_check_pause(from->socket);
    return copy;
}

struct rt_parcel *brk_parcel_new(struct brk_worker *w, struct rt_message *m, uint32_t route)
{
    struct rt_parcel *p = rt_parcel_new(m, RT_DELIVER, NULL);
    if (!p) {
        struct brk_dropped d = brk_dropped_message(m, route);
        brk_count_drop(w, &d, BRK_NO_MEMORY);
        return NULL;
    }
    p->errand = 0;
    p->stream = m->stream;
    p->route = route;
    brk_count(&w->counts.waiting, 1);
    return p;
}

/* A message that has one place to wait: the parcel carries it. */
static struct rt_parcel *copy_to_parcel(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                                        uint32_t route)
{
    struct rt_message *copy = copy_message(w, from, m, route);
    if (!copy)
        return NULL;
    struct rt_parcel *p = brk_parcel_new(w, copy, route);
    rt_message_unref(copy, w->index); /* at home: never travels */
    return p;
}

/* ---- sending -------------------------------------------------------------------------------------- */

/* What to do with the rest when the stack took only part of a burst. */
enum rest { REST_WAITS, REST_WITHOUT_FIRST };

static enum rest after_refusal(struct brk_worker *w, struct brk_assoc *a, enum tr_code code,
                               const struct brk_dropped *first)
{
    switch (code) {
    case TR_AGAIN:
        if (!a->blocked) {
            a->blocked = true;
            brk_socket_want_writable(a->socket, true);
            brk_sndbuf_full(w, a);
            brk_stall_begin(w, a);
        }
        return REST_WAITS;
    case TR_NO_ASSOC: /* its end is in the socket's queue, or about to be: it is read, paused or not
                         (socket.c), and decides what becomes of them */
        a->blocked = true;
        return REST_WAITS;
    default:
        brk_log(CFG_LOG_DEBUG, "refused", "to=%s assoc=%u code=%s", brk_assoc_name(a), a->id,
                tr_code_name(code));
        brk_count(&a->socket->traffic->dropped, 1);
        brk_count_drop(w, first, BRK_REFUSED);
        return REST_WITHOUT_FIRST;
    }
}

/* What of a message depends on where it came from, just before the stack gets it; its stream is that of `a`.
 */
static void stamp(struct brk_worker *w, struct brk_assoc *a, struct tr_msg *m, struct brk_sent s)
{
    brk_policy(w, m, s.route, s.entered_ms);
    if (!brk_has_ttl(w->config, s.route))
        s.entered_ms = 0;
    if (s.asked == m->stream)
        s.asked = BRK_SAME_STREAM;
    m->context = brk_sent_add(&a->sent, &s);
}

/* What is left of a burst from index `g` on must wait. */
static void burst_to_pending(struct brk_worker *w, struct brk_assoc *a, uint32_t g, uint32_t count)
{
    for (; count; count--, g = w->gathered[g].next) {
        struct brk_gathered *e = &w->gathered[g];
        struct tr_msg m = e->msg;
        m.stream = e->asked; /* elsewhere it may leave on that one */
        struct rt_parcel *p = copy_to_parcel(w, e->from, &m, e->route);
        if (!p)
            continue;
        p->message->fan_out = e->fan_out;
        rt_batch_add(&a->pending, p);
        brk_wait_pending(w, a, p);
    }
}

static void send_burst(struct brk_worker *w, struct brk_assoc *a)
{
    uint32_t g = a->burst_first, left = a->burst_count;
    a->burst_count = 0;
    if (a->state !=
        BRK_UP) { /* it ended while this was gathered; its peer may have begun anew under its id */
        burst_to_pending(w, a, g, left);
        return;
    }
    while (left) {
        uint32_t n = left < BRK_BURST_MAX ? left : BRK_BURST_MAX, sent = 0;
        const struct brk_gathered *e = &w->gathered[g];
        for (uint32_t i = 0; i < n; i++, e = &w->gathered[e->next]) {
            w->burst[i] = e->msg;
            stamp(w, a, &w->burst[i],
                  (struct brk_sent){.origin = e->from->origin,
                                    .source = e->from->socket->source,
                                    .route = e->route,
                                    .asked = e->asked,
                                    .fan_out = e->fan_out,
                                    .entered_ms = w->now_ms});
        }
        enum tr_code code = tr_send(a->socket->ep, w->burst, n, &sent);
        brk_sent_undo(&a->sent, n - sent);
        struct delivered taken = {0};
        for (uint32_t i = 0; i < sent; i++, g = w->gathered[g].next)
            add_delivered(w, a, &taken, w->gathered[g].route, w->gathered[g].msg.len);
        count_delivered(w, a, &taken);
        left -= sent;
        if (code == TR_OK)
            continue;
        e = &w->gathered[g];
        const struct brk_dropped d = {e->from->socket, e->route, e->msg.ppid, e->asked};
        if (after_refusal(w, a, code, &d) == REST_WAITS) {
            burst_to_pending(w, a, g, left);
            return;
        }
        g = w->gathered[g].next;
        left--;
    }
}

/* Fills w->burst with what waits first and is not too old; returns how many. */
static uint32_t burst_of_pending(struct brk_worker *w, struct brk_assoc *a)
{
    uint32_t n = 0;
    struct rt_parcel *p = rt_batch_peek(&a->pending);
    for (; p && n < BRK_BURST_MAX && !brk_is_expired(w, p); p = rt_batch_next(&a->pending, p), n++) {
        const struct rt_message *m = p->message;
        w->burst[n] = (struct tr_msg){.data = m->data,
                                      .len = m->len,
                                      .assoc = a->id,
                                      .stream = map_stream(w, a, p->stream, p->route),
                                      .flags = m->flags & TR_UNORDERED,
                                      .ppid = m->ppid};
        stamp(w, a, &w->burst[n],
              (struct brk_sent){.origin = m->origin,
                                .source = m->source,
                                .route = p->route,
                                .asked = p->stream,
                                .fan_out = m->fan_out,
                                .entered_ms = m->entered_ms});
    }
    return n;
}

void brk_send_pending(struct brk_worker *w, struct brk_assoc *a)
{
    struct rt_parcel *p;
    while (a->state == BRK_UP && !a->blocked && a->pending.count) {
        uint32_t n = burst_of_pending(w, a), sent = 0;
        if (!n) {
            brk_drop_parcel(w, rt_batch_take(&a->pending), BRK_EXPIRED);
            continue;
        }
        enum tr_code code = tr_send(a->socket->ep, w->burst, n, &sent);
        brk_sent_undo(&a->sent, n - sent);
        bool moved = sent > 0;
        struct delivered taken = {0};
        for (; sent; sent--) {
            p = rt_batch_take(&a->pending);
            add_delivered(w, a, &taken, p->route, p->message->len);
            brk_uncount(&w->counts.waiting, 1);
            brk_parcel_done(w, p);
        }
        count_delivered(w, a, &taken);
        if (moved)
            brk_stall_moved(w, a);
        if (code == TR_OK)
            continue;
        p = rt_batch_peek(&a->pending);
        const struct brk_dropped d = brk_dropped_message(p->message, p->route);
        if (after_refusal(w, a, code, &d) == REST_WITHOUT_FIRST) {
            brk_uncount(&w->counts.waiting, 1);
            brk_parcel_done(w, rt_batch_take(&a->pending));
        }
    }
}

void brk_flush(struct brk_worker *w)
{
    while (w->dirty) {
        struct brk_assoc *a = w->dirty;
        w->dirty = a->next_dirty;
        a->dirty = false;
        if (a->burst_count)
            send_burst(w, a);
        else
            brk_send_pending(w, a);
        brk_stats_tick(w, a);
        if (a->eof_wanted)
            brk_assoc_eof(w, a);
    }
    w->gathered_count = 0;
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

/* ---- one destination ------------------------------------------------------------------------------ */

void brk_append(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p)
{
    if (a->burst_count) /* gathered before it: goes before it */
        brk_flush(w);
    rt_batch_add(&a->pending, p);
    brk_wait_pending(w, a, p);
    mark_dirty(w, a);
}

/* Sends a message to a local association: gathered where it can go at once, else copied. */
static void send_local(struct brk_worker *w, struct brk_assoc *a, struct brk_assoc *from,
                       const struct tr_msg *m, uint32_t route)
{
    if (a->state != BRK_UP || a->blocked || a->pending.count) {
        struct rt_parcel *p = copy_to_parcel(w, from, m, route);
        if (p)
            brk_append(w, a, p);
        return;
    }
    if (w->gathered_count == BRK_GATHER_MAX)
        brk_flush(w);
    uint32_t g = w->gathered_count++;
    w->gathered[g] = (struct brk_gathered){.msg = *m, .from = from, .route = route, .asked = m->stream};
    struct tr_msg *out = &w->gathered[g].msg;
    out->assoc = a->id;
    out->stream = map_stream(w, a, m->stream, route);
    out->flags = m->flags & TR_UNORDERED;
    if (a->burst_count++)
        w->gathered[a->burst_last].next = g;
    else
        a->burst_first = g;
    a->burst_last = g;
    mark_dirty(w, a);
}

static void post_to(struct brk_worker *w, struct rt_dest *d, struct rt_parcel *p)
{
    p->to = d;
    brk_uncount(&w->counts.waiting, 1);
    brk_count(&w->counts.handed_out, 1);
    rt_batch_add(&w->out[d->worker], p);
}

/* ---- groups --------------------------------------------------------------------------------------- */

static void park(struct brk_worker *w, unsigned group, struct rt_parcel *p)
{
    rt_batch_add(&w->parked[group], p);
    brk_wait_parked(w, p);
    w->parked_count++;
}

static void dispatch_parcel_to(struct brk_worker *w, struct rt_dest *d, struct rt_parcel *p)
{
    if (d->worker == w->index)
        brk_append(w, d->owner, p);
    else
        post_to(w, d, p);
}

/* Fan-out of a message that is a parcel already: it serves the first destination, further ones share its
 * message. */
static void broadcast_parcel(struct brk_worker *w, const struct rt_group *g, struct rt_parcel *p)
{
    p->message->fan_out = true; /* it has only waited here: nobody else has it */
    for (uint32_t i = 1; i < g->count; i++) {
        brk_count(&w->counts.copies, 1);
        struct rt_parcel *more = brk_parcel_new(w, p->message, p->route);
        if (more)
            dispatch_parcel_to(w, g->dests[i], more);
    }
    dispatch_parcel_to(w, g->dests[0], p);
}

/* Sends a parcel on from its route. False: nobody can take it now and it stays the caller's. */
static bool dispatch_parcel(struct brk_worker *w, struct rt_parcel *p)
{
    unsigned group = w->config->routes[p->route].group;
    const struct rt_group *g = w->snapshot->groups[group];
    if (g->mode == CFG_BROADCAST) {
        if (g->held)
            return false;
        if (g->count)
            broadcast_parcel(w, g, p);
        else
            brk_drop_parcel(w, p, BRK_NO_SUBSCRIBER);
        return true;
    }
    struct rt_dest *d = rt_group_pick(g, &w->picks[group], p->message->origin, p->message->stream);
    if (!d)
        return false;
    dispatch_parcel_to(w, d, p);
    return true;
}

/* Fan-out from the receive slot: local destinations that can take it send from the slot; the others share one
 * copy. */
static void broadcast(struct brk_worker *w, const struct rt_group *g, struct brk_assoc *from,
                      const struct tr_msg *m, uint32_t route)
{
    struct rt_message *shared = NULL;
    brk_count(&w->counts.copies, g->count - 1);
    for (uint32_t i = 0; i < g->count; i++) {
        struct brk_assoc *a = g->dests[i]->worker == w->index ? g->dests[i]->owner : NULL;
        if (a && a->state == BRK_UP && !a->blocked && !a->pending.count) {
            send_local(w, a, from, m, route);
            w->gathered[w->gathered_count - 1].fan_out = true;
            continue;
        }
        if (!shared && !(shared = copy_message(w, from, m, route)))
            continue; /* counted */
        shared->fan_out = true;
        struct rt_parcel *p = brk_parcel_new(w, shared, route);
        if (p)
            dispatch_parcel_to(w, g->dests[i], p);
    }
    if (shared && rt_message_unref(shared, w->index))
        abort(); /* at home: cannot have to travel */
}

static void forward_shared(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                           uint32_t route)
{
    unsigned group = w->config->routes[route].group;
    const struct rt_group *g = w->snapshot->groups[group];
    struct rt_dest *d = NULL;
    if (!w->parked[group].count && !g->held) {
        if (g->mode == CFG_BROADCAST) {
            if (g->count)
                broadcast(w, g, from, m, route);
            else
                count_source_drop(w, from, m, route, BRK_NO_SUBSCRIBER);
            return;
        }
        d = rt_group_pick(g, &w->picks[group], from->origin, m->stream);
    }
    if (d && d->worker == w->index) {
        send_local(w, d->owner, from, m, route);
        return;
    }
    struct rt_parcel *p = copy_to_parcel(w, from, m, route);
    if (!p)
        return;
    if (d)
        post_to(w, d, p);
    else
        park(w, group, p);
}

void brk_forward(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m)
{
    if (from->is_partner) { /* an answer in a paired session */
        if (from->client)
            send_local(w, from->client, from, m, RT_NO_ROUTE);
        else
            count_source_drop(w, from, m, RT_NO_ROUTE, BRK_PEER_LOST);
        return;
    }
    uint32_t route = rt_table_find(w->plan->table, from->socket->source, m->ppid, m->stream);
    if (route == RT_NO_ROUTE && from->partner &&
        from->end_by_ms) { /* the last of a session that a reload ends */
        send_local(w, from->partner, from, m, RT_NO_ROUTE);
        return;
    }
    if (route == RT_NO_ROUTE) {
        count_source_drop(w, from, m, RT_NO_ROUTE, BRK_NO_ROUTE);
        return;
    }
    struct brk_traffic *r = brk_traffic_of(&w->counts, BRK_ROUTES, route);
    brk_count(&r->received, 1);
    brk_count(&r->received_bytes, m->len);
    if (w->config->routes[route].session == CFG_SHARED) {
        forward_shared(w, from, m, route);
        return;
    }
    struct brk_assoc *partner = brk_session_partner(w, from, route);
    if (partner) {
        send_local(w, partner, from, m, route);
        return;
    }
    count_source_drop(w, from, m, route, BRK_UNREACHABLE);
    brk_session_unserved(w, from);
}

/* ---- routing again ---------------------------------------------------------------------------------- */

bool brk_reroute(const struct brk_worker *w, struct rt_parcel *p)
{
    const struct rt_message *m = p->message;
    if (!w->config->routes[p->route].gone)
        return true;
    uint32_t route = rt_table_find(w->plan->table, m->source, m->ppid, m->stream);
    if (route == RT_NO_ROUTE || w->config->routes[route].session == CFG_PAIRED)
        return false;
    p->route = route;
    return true;
}

/* ---- parked ------------------------------------------------------------------------------------------ */

void brk_unpark(struct brk_worker *w)
{
    for (unsigned g = 0; g < w->config->group_count; g++) {
        if (w->returned[g].count) {
            w->parked_count += w->returned[g].count;
            rt_batch_append(&w->returned[g], &w->parked[g]);
            rt_batch_append(&w->parked[g], &w->returned[g]);
        }
        struct rt_parcel *p;
        while ((p = rt_batch_take(&w->parked[g]))) {
            if (!dispatch_parcel(w, p)) {
                /* Nobody can take it: it goes back to the front. */
                struct rt_batch rest;
                rt_batch_init(&rest);
                rt_batch_add(&rest, p);
                rt_batch_append(&rest, &w->parked[g]);
                rt_batch_append(&w->parked[g], &rest);
                break;
            }
            w->parked_count--;
        }
    }
    w->parked_version = w->snapshot->version;
}
