/* Sending: filling outboxes, and emptying them into the stack.
 *
 * A message that its destination can take now stays in its receive slot. It is gathered into the
 * association's burst (a list of indices in worker->gathered) and sent from there at the end of the turn,
 * with one tr_send for each association: no copy, no allocation, no queue. A message is copied only if it
 * must wait; then it is pending. Ending an association from this side is here, too, because it comes
 * behind what has been gathered. */
#include "broker/sending.h"

#include "broker/assoc.h"
#include "broker/capture.h"
#include "broker/delivered.h"
#include "broker/drop.h"
#include "broker/room.h"
#include "broker/hold.h"
#include "broker/log.h"
#include "broker/notice.h"
#include "broker/parcel.h"
#include "broker/reliability.h"
#include "broker/sent.h"
#include "broker/sndbuf.h"
#include "broker/socket.h"
#include "broker/stall.h"
#include "broker/stamp.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "routing/stream_map.h"
#include "routing/table.h"
#include "transport/transport.h"

static void shut_down(struct brk_worker *w, struct brk_assoc *a)
{
    struct tr_error error;
    a->outbox.eof_sent = true;
    brk_stats_read(w, a);
    enum tr_code code = tr_eof(a->socket->ep, a->id, &error);
    if (code != TR_OK && code != TR_NO_ASSOC) {
        static struct brk_log_budget lines = {.event = "shutdown_failed", .level = CFG_LOG_WARNING};
        char quoted[300];
        if (brk_assoc_admits(a, &lines))
            brk_log(CFG_LOG_WARNING, "shutdown_failed", "%s=%s assoc=%u error=%s",
                    brk_member_word(a->socket->member), brk_assoc_name(a), a->id,
                    brk_quote(error.text, quoted, sizeof quoted));
        brk_assoc_abort(w, a, "it could not be shut down");
    }
}

static void wait_for_dry(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->stage == &w->drying)
        return;
    a->dry = (struct brk_dry){.since_ms = w->now_ms, .progress_ms = w->now_ms};
    brk_assoc_tell_dry(a, true);
    brk_assoc_enter(a, &w->drying);
}

void brk_assoc_eof(struct brk_worker *w, struct brk_assoc *a)
{
    a->outbox.eof_wanted = true;
    if (a->state != BRK_UP || a->outbox.eof_sent)
        return;
    if (a->outbox.burst_count)
        brk_flush(w);
    if (brk_queue_count(&a->outbox.pending) || a->outbox.eof_sent)
        return; /* called again when the last of them has been sent */
    if (a->outbox.eof_when_dry && !a->dry.over)
        wait_for_dry(w, a);
    else if (a->outbox.abort_instead)
        brk_assoc_abort(w, a, a->outbox.abort_instead);
    else
        shut_down(w, a);
}

void brk_assoc_abort(struct brk_worker *w, struct brk_assoc *a, const char *why)
{
    brk_assoc_abort_for(w, a, why, NULL, 0);
}

void brk_assoc_abort_for(struct brk_worker *w, struct brk_assoc *a, const char *why, const void *reason,
                         uint32_t len)
{
    struct tr_msg end = {.data = reason, .len = len, .assoc = a->id, .flags = TR_ABORT};
    unsigned sent;
    a->ended_here = why;
    if (a->outbox.burst_count)
        brk_flush(w);
    if (a->state == BRK_UP)
        brk_stats_read(w, a);
    a->outbox.blocked = true; /* nothing more is sent; COMM_LOST will finish it */
    a->outbox.eof_sent = true;
    tr_send(a->socket->ep, &end, 1, &sent);
}

static void mark_dirty(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->outbox.dirty)
        return;
    a->outbox.dirty = true;
    a->outbox.next_dirty = w->dirty;
    w->dirty = a;
}

/* What happens to the rest if the stack took only part of a burst. */
enum rest { REST_WAITS, REST_WITHOUT_FIRST };

static enum rest after_refusal(struct brk_worker *w, struct brk_assoc *a, enum tr_code code,
                               const struct brk_dropped *first)
{
    switch (code) {
    case TR_AGAIN:
        if (!a->outbox.blocked) {
            a->outbox.blocked = true;
            brk_socket_want_writable(a->socket, true);
            brk_sndbuf_full(w, a);
            brk_stall_refused(w, a);
            if (a->socket->peeloff != CFG_PEELOFF_NEVER) /* the buffer is everybody's who shares the socket */
                brk_assoc_want_own(a);
        }
        return REST_WAITS;
    case TR_NO_ASSOC: /* its end is in the socket's queue, or will be: it is read even if the socket is paused
                         (reading.c), and decides what becomes of them */
        a->outbox.blocked = true;
        return REST_WAITS;
    default:
        brk_log(CFG_LOG_DEBUG, "refused", "to=%s assoc=%u code=%s", brk_assoc_name(a), a->id,
                tr_code_name(code));
        brk_count(&a->socket->traffic->dropped, 1);
        brk_count_drop(w, first, BRK_REFUSED);
        return REST_WITHOUT_FIRST;
    }
}

static void add_pending(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p)
{
    brk_queue_add(&a->outbox.pending, p);
    brk_wait_pending(w, a, p);
    brk_room_update(w, a);
}

/* A copy of a message that must wait for `a`. NULL: it was dropped instead, and counted. */
static struct rt_parcel *copy_for(struct brk_worker *w, struct brk_assoc *a, struct brk_assoc *from,
                                  const struct tr_msg *m, uint32_t route)
{
    enum brk_drop reason;
    if (brk_room_admit(w, a, route, &reason))
        return brk_copy_to_parcel(w, from, m, route, brk_room_charge(w->config, route, a->outbox.room));
    brk_count_source_drop(w, from, m, route, reason);
    return NULL;
}

/* One that was gathered before the outbox was found to be full, and need not wait there: dispatched anew in
 * the next turn. */
static void dispatch_anew(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                          uint32_t route)
{
    struct rt_parcel *p = brk_copy_to_parcel(w, from, m, route, BRK_NOT_CHARGED);
    if (p)
        brk_hold_add(w, w->returned, p);
}

/* The rest of a burst, from index `g`, must wait. */
static void burst_to_pending(struct brk_worker *w, struct brk_assoc *a, uint32_t g, uint32_t count)
{
    for (; count; count--, g = w->gathered[g].next) {
        struct brk_gathered *e = &w->gathered[g];
        if (brk_room_elsewhere(w->config, e->route, a->outbox.room)) {
            dispatch_anew(w, e->from, &e->msg, e->route);
            continue;
        }
        struct rt_parcel *p = copy_for(w, a, e->from, &e->msg, e->route);
        if (!p)
            continue;
        p->message->fan_out = e->fan_out;
        add_pending(w, a, p);
    }
}

/* Fills w->burst with `n` of those gathered, from index `g` on. */
static void burst_of_gathered(struct brk_worker *w, struct brk_assoc *a, uint32_t g, uint32_t n)
{
    const struct brk_gathered *e = &w->gathered[g];
    for (uint32_t i = 0; i < n; i++, e = &w->gathered[e->next]) {
        w->burst[i] = e->msg;
        brk_stamp(w, a, &w->burst[i], e->stream,
                  (struct brk_sent){.origin = e->from->origin,
                                    .source = e->from->socket->source,
                                    .route = e->route,
                                    .fan_out = e->fan_out,
                                    .entered_ms = w->now_ms});
    }
}

/* The stack has taken `sent` of those gathered, from index `g` on: counts them. Returns the index behind. */
static uint32_t count_gathered(struct brk_worker *w, struct brk_assoc *a, uint32_t g, uint32_t sent)
{
    struct brk_delivered taken = {0};
    for (uint32_t i = 0; i < sent; i++, g = w->gathered[g].next)
        brk_delivered_add(w, a, &taken, w->gathered[g].route, w->gathered[g].msg.len);
    brk_delivered_count(w, a, &taken);
    return g;
}

static void send_burst(struct brk_worker *w, struct brk_assoc *a)
{
    uint32_t g = a->outbox.burst_first, left = a->outbox.burst_count;
    a->outbox.burst_count = 0;
    if (a->state != BRK_UP) { /* it ended after this was gathered; its peer may have restarted under its id */
        burst_to_pending(w, a, g, left);
        return;
    }
    while (left) {
        uint32_t n = left < BRK_BURST_MAX ? left : BRK_BURST_MAX, sent = 0;
        burst_of_gathered(w, a, g, n);
        enum tr_code code = tr_send(a->socket->ep, w->burst, n, &sent);
        brk_sent_undo(&a->outbox.sent, n - sent);
        if (w->tap)
            brk_capture_gathered(w, a, g, sent);
        g = count_gathered(w, a, g, sent);
        if (sent && !a->stall.since_ms)
            brk_stall_begin(w, a);
        left -= sent;
        if (code == TR_OK)
            continue;
        const struct brk_gathered *e = &w->gathered[g];
        const struct brk_dropped d = brk_dropped_of(e->from, &e->msg, e->route);
        if (after_refusal(w, a, code, &d) == REST_WAITS) {
            burst_to_pending(w, a, g, left);
            return;
        }
        g = w->gathered[g].next;
        left--;
    }
}

/* Fills w->burst with the oldest pending messages, up to the first that is too old; returns how many. */
static uint32_t burst_of_pending(struct brk_worker *w, struct brk_assoc *a)
{
    uint32_t n = 0;
    struct rt_parcel *p = rt_batch_peek(&a->outbox.pending.parcels);
    for (; p && n < BRK_BURST_MAX && !brk_is_expired(w, p);
         p = rt_batch_next(&a->outbox.pending.parcels, p), n++) {
        const struct rt_message *m = p->message;
        w->burst[n] = (struct tr_msg){.data = m->data,
                                      .len = m->len,
                                      .assoc = a->id,
                                      .stream = p->stream,
                                      .flags = m->flags & TR_UNORDERED,
                                      .ppid = m->ppid};
        brk_stamp(w, a, &w->burst[n], RT_NO_STREAM,
                  (struct brk_sent){.origin = m->origin,
                                    .source = m->source,
                                    .route = p->route,
                                    .fan_out = m->fan_out,
                                    .entered_ms = m->entered_ms});
    }
    return n;
}

void brk_send_pending(struct brk_worker *w, struct brk_assoc *a)
{
    struct rt_parcel *p;
    while (a->state == BRK_UP && !a->outbox.blocked && brk_queue_count(&a->outbox.pending)) {
        uint32_t n = burst_of_pending(w, a), sent = 0;
        if (!n) {
            brk_drop_parcel(w, brk_queue_take(&a->outbox.pending), BRK_EXPIRED);
            continue;
        }
        enum tr_code code = tr_send(a->socket->ep, w->burst, n, &sent);
        brk_sent_undo(&a->outbox.sent, n - sent);
        if (w->tap)
            brk_capture_pending(w, a, sent);
        bool moved = sent > 0;
        struct brk_delivered taken = {0};
        for (; sent; sent--) {
            p = brk_queue_take(&a->outbox.pending);
            brk_delivered_add(w, a, &taken, p->route, p->message->len);
            brk_uncount(&w->counts.waiting, 1);
            brk_parcel_done(w, p);
        }
        brk_delivered_count(w, a, &taken);
        if (moved)
            brk_stall_moved(w, a);
        if (code == TR_OK)
            continue;
        p = rt_batch_peek(&a->outbox.pending.parcels);
        const struct brk_dropped d = brk_dropped_message(p->message, p->route);
        if (after_refusal(w, a, code, &d) == REST_WITHOUT_FIRST) {
            brk_uncount(&w->counts.waiting, 1);
            brk_parcel_done(w, brk_queue_take(&a->outbox.pending));
        }
    }
    brk_room_update(w, a);
}

void brk_flush(struct brk_worker *w)
{
    while (w->dirty) {
        struct brk_assoc *a = w->dirty;
        w->dirty = a->outbox.next_dirty;
        a->outbox.dirty = false;
        if (a->outbox.burst_count)
            send_burst(w, a);
        else
            brk_send_pending(w, a);
        brk_stats_tick(w, a);
        if (a->outbox.eof_wanted)
            brk_assoc_eof(w, a);
    }
    w->gathered_count = 0;
}

void brk_append(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p)
{
    if (a->outbox.burst_count) /* gathered before it, so sent before it */
        brk_flush(w);
    add_pending(w, a, p);
    mark_dirty(w, a);
}

struct brk_gathered *brk_send_local(struct brk_worker *w, struct brk_assoc *a, struct brk_assoc *from,
                                    const struct tr_msg *m, uint32_t route)
{
    if (a->state != BRK_UP || !brk_outbox_is_open(&a->outbox)) {
        struct rt_parcel *p = copy_for(w, a, from, m, route);
        if (p)
            brk_append(w, a, p);
        return NULL;
    }
    if (w->gathered_count == BRK_GATHER_MAX)
        brk_flush(w);
    uint32_t g = w->gathered_count++;
    struct brk_gathered *gathered = &w->gathered[g];
    struct tr_msg *out = &gathered->msg;
    gathered->from = from;
    gathered->route = route;
    gathered->fan_out = false;
    gathered->stream = RT_NO_STREAM;
    *out = *m;
    out->assoc = a->id;
    out->flags = m->flags & TR_UNORDERED;
    if (a->outbox.burst_count++)
        w->gathered[a->outbox.burst_last].next = g;
    else
        a->outbox.burst_first = g;
    a->outbox.burst_last = g;
    mark_dirty(w, a);
    return gathered;
}
