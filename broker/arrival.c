/* See arrival.h. */
#include "broker/arrival.h"

#include <stdlib.h>

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/dest.h"
#include "broker/dispatch.h"
#include "broker/drain.h"
#include "broker/ending.h"
#include "broker/handover.h"
#include "broker/health.h"
#include "broker/history.h"
#include "broker/limit.h"
#include "broker/log.h"
#include "broker/owners.h"
#include "broker/parcel.h"
#include "broker/reliability.h"
#include "broker/returned.h"
#include "broker/room.h"
#include "broker/sending.h"
#include "broker/silent.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "routing/inbox.h"
#include "routing/origin.h"
#include "transport/transport.h"

static void post_to(struct brk_worker *w, unsigned worker, struct brk_handover *h,
                    enum brk_handover_step step)
{
    h->step = step;
    rt_batch_add(&w->out[worker], &h->parcel);
}

/* To control. */
static void post(struct brk_worker *w, struct brk_handover *h, enum brk_handover_step step)
{
    post_to(w, w->broker->worker_count, h, step);
}

/* ---- EXPECT --------------------------------------------------------------------------------------- */

static bool expect_one(struct brk_worker *w, struct brk_handed *e)
{
    e->socket = brk_socket_new(w, e->kind, e->member);
    if (!e->socket)
        return false;
    brk_socket_leave(e->socket, &w->sockets); /* it has no endpoint yet */
    e->socket->handing = true;
    brk_limit_adopt(e->socket);
    e->stand_in = brk_assoc_new(w, BRK_ARRIVING);
    if (!e->stand_in)
        return false;
    brk_assoc_stand_in(e->stand_in, e->origin);
    e->stand_in->socket = e->socket;
    if (e->before)
        e->dest = brk_dest_new(w, e->stand_in, false);
    return !e->before || e->dest;
}

void brk_arrival_expect(struct brk_worker *w, struct brk_handover *h)
{
    w->arriving = h;
    for (unsigned i = 0; i < h->count; i++) {
        struct brk_handed *e = &h->handed[i];
        if (expect_one(w, e))
            continue;
        h->refused = "out of memory";
        post(w, h, BRK_HANDOVER_PUBLISH);
        return;
    }
    post_to(w, h->from, h, BRK_HANDOVER_STOP);
}

/* ---- ARRIVE --------------------------------------------------------------------------------------- */

static void take_in(struct brk_worker *w, uint64_t count)
{
    brk_count(&w->counts.taken_in, count);
    brk_count(&w->counts.waiting, count);
}

/* It goes on, with what happened to all associations of its worker while it stood still. */
void brk_arrival_go_on(struct brk_worker *w, struct brk_assoc *a)
{
    struct brk_socket *s = a->socket;
    a->state = BRK_UP;
    a->handover = NULL;
    a->outbox.blocked = false;
    s->handing = false;
    s->writable_wanted = false;
    brk_socket_update_watch(s);
    w->unread |= s->has_undelivered || s->to_the_end;
    brk_room_update(w, a);
    brk_send_pending(w, a);
    if (a->outbox.eof_wanted)
        brk_assoc_eof(w, a);
    brk_drain_one(w, a);
    if (a->unwanted || brk_is_gone(w, a->socket->member))
        brk_end(w, a);
    else if (brk_state(w->broker, a->socket->member) == CFG_MAINT)
        brk_end_whole(w, a);
}

static void arrive_one(struct brk_worker *w, struct brk_handed *e)
{
    struct brk_assoc *a = e->assoc, *stand_in = e->stand_in;
    struct rt_parcel *p;
    brk_assoc_close(w, stand_in); /* it has the number of `a` */
    brk_socket_enter(e->socket, &w->sockets);
    brk_assoc_list(w, a);
    brk_assoc_attach(a, e->socket, a->id);
    brk_silent_arrive(w, a);
    a->owner = rt_origin_worker(a->origin) == w->index ? NULL : e->owner;
    a->dest = e->dest;
    if (a->dest) {
        a->dest->dest.owner = a;
        a->outbox.room = stand_in->outbox.room;
    }
    take_in(w, brk_queue_count(&a->outbox.pending) + a->outbox.undelivered.count);
    for (p = rt_batch_peek(&a->outbox.pending.parcels); p; p = rt_batch_next(&a->outbox.pending.parcels, p))
        brk_wait_pending(w, a, p);
    while ((p = brk_queue_take(&stand_in->outbox.pending))) {
        brk_queue_add(&a->outbox.pending, p);
        brk_wait_pending(w, a, p);
    }
}

/* What waits for groups: what came back is older. */
static void put_back(struct brk_worker *w, struct brk_handover *h)
{
    struct rt_parcel *p;
    while ((p = brk_queue_take(&h->came_back)))
        brk_send_again(w, NULL, p);
    while ((p = brk_queue_take(&h->kept)))
        brk_park_again(w, p);
    w->parked_version = 0; /* they have not been tried by any snapshot */
}

static void log_moved(struct brk_worker *w, const struct brk_handover *h)
{
    for (unsigned i = 0; i < h->count; i++) {
        const struct brk_assoc *a = h->handed[i].assoc;
        char session[BRK_SESSION_TEXT];
        brk_note_numbers(w, a, BRK_HAPPENED_MOVED, h->from, h->to);
        brk_count(&w->counts.balanced, h->balances);
        brk_log(CFG_LOG_INFO, "association_moved", "%s=%s assoc=%u from=%u worker=%u waiting=%u%s",
                brk_member_word(a->socket->member), brk_assoc_name(a), a->id, h->from, h->to,
                brk_queue_count(&a->outbox.pending), brk_session_text(a, session));
    }
}

/* The loop takes the sockets. False: not yet, for lack of memory. */
static bool adopt(struct brk_worker *w, struct brk_handover *h)
{
    struct tr_error error;
    for (unsigned i = 0; i < h->count; i++) {
        struct brk_socket *s = h->handed[i].socket;
        if (tr_endpoint_loop(s->ep))
            continue;
        if (tr_adopt(w->loop, s->ep, &error) != TR_OK)
            return false;
        tr_endpoint_set_cookie(s->ep, s);
    }
    return true;
}

void brk_arrival_settle(struct brk_worker *w, struct brk_handover *h)
{
    if (!adopt(w, h)) {
        struct rt_batch again; /* in the next turn */
        rt_batch_init(&again);
        rt_batch_add(&again, &h->parcel);
        rt_inbox_post(&w->inbox, &again);
        return;
    }
    brk_flush(w); /* the stand-ins are in no list then */
    w->arriving = NULL;
    for (unsigned i = 0; i < h->count; i++)
        arrive_one(w, &h->handed[i]);
    take_in(w, brk_queue_count(&h->kept));
    put_back(w, h);
    if (w->phase != BRK_RUNNING) /* control sees no hand-over any more, and must not find that all is done */
        atomic_store_explicit(&w->progress, BRK_BUSY, memory_order_release);
    log_moved(w, h);
    for (unsigned i = 0; i < h->count; i++)
        brk_arrival_go_on(w, h->handed[i].assoc);
    post(w, h, BRK_HANDOVER_DONE);
}

/* ---- FORGET --------------------------------------------------------------------------------------- */

void brk_arrival_forget(struct brk_worker *w, struct brk_handover *h)
{
    struct rt_parcel *p;
    w->arriving = NULL;
    for (unsigned i = 0; i < h->count; i++) {
        struct brk_handed *e = &h->handed[i];
        free(e->dest);
        if (e->stand_in)
            brk_assoc_close(w, e->stand_in);
        free(e->socket);
    }
    while ((p = brk_queue_take(&h->came_back)))
        brk_send_again(w, NULL, p);
    post_to(w, h->from, h, BRK_HANDOVER_FORGET);
}
