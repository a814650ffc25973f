/* See handover.h. Everything here is done at the beginning of a turn, where the inbox is taken: what earlier
 * turns gathered has been sent, and what this one will read has not been read. */
#include "broker/handover.h"

#include <stdlib.h>

#include <utlist.h>

#include "broker/arrival.h"
#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/dest.h"
#include "broker/dispatch.h"
#include "broker/hold.h"
#include "broker/limit.h"
#include "broker/log.h"
#include "broker/owners.h"
#include "broker/parcel.h"
#include "broker/peeling.h"
#include "broker/reliability.h"
#include "broker/sending.h"
#include "broker/session/session.h"
#include "broker/silent.h"
#include "broker/socket.h"
#include "broker/stall.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/inbox.h"
#include "routing/origin.h"
#include "transport/transport.h"

static void post(struct brk_worker *w, struct brk_handover *h, enum brk_handover_step step)
{
    h->step = step;
    rt_batch_add(&w->out[w->broker->worker_count], &h->parcel);
}

/* ---- WANTED: the old owner ------------------------------------------------------------------------ */

static bool is_ready(const struct brk_assoc *a)
{
    const struct brk_outbox *o = &a->outbox;
    return a->state == BRK_UP && !a->stage && !a->unwanted && !a->end_by_ms && !a->ended_here &&
           !o->eof_wanted && !o->eof_sent && (!a->dest || !a->dest->down_sent) && !a->socket->has_lost;
}

static const char *why_fixed(const struct brk_worker *w, const struct brk_assoc *a)
{
    if (a->handover)
        return "it is being moved already";
    if (!is_ready(a))
        return "it is not up, or it ends, or somebody waits until it has nothing left";
    return brk_session_fixed(w, a);
}

static const char *why_not(const struct brk_worker *w, const struct brk_assoc *a, unsigned to)
{
    if (to >= w->broker->worker_count)
        return "there is no such worker";
    if (to == w->index)
        return "it is there already";
    if (!(tr_backend_caps(w->broker->backend) & TR_CAP_MOVE))
        return "this transport cannot move associations between workers";
    if (w->phase != BRK_RUNNING)
        return "the broker is ending";
    if (w->wanted)
        return "another one of its worker waits to be moved, until it is read again";
    return why_fixed(w, a);
}

/* False: out of memory. */
static bool add(struct brk_handover *h, struct brk_assoc *a)
{
    struct brk_handed *e = &h->handed[h->count];
    e->owner = calloc(1, sizeof *e->owner);
    if (!e->owner)
        return false;
    *e->owner = (struct brk_owner){.magic = BRK_OWNER_MAGIC, .origin = a->origin, .worker = h->to};
    e->owner->gone =
        (struct rt_parcel){.kind = RT_CONTROL, .control = BRK_GONE, .to = e->owner, .embedded = true};
    e->assoc = a;
    e->origin = a->origin;
    e->member = a->socket->member;
    e->kind = a->socket->kind;
    e->before = a->dest;
    h->count++;
    return true;
}

static struct brk_handover *new_handover(struct brk_assoc *a, struct brk_assoc *companion, unsigned to)
{
    struct brk_handover *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->magic = BRK_HANDOVER_MAGIC;
    h->parcel = (struct rt_parcel){.kind = RT_CONTROL, .control = BRK_HANDOVER, .to = h, .embedded = true};
    h->from = a->worker->index;
    h->to = to;
    if (add(h, a) && (!companion || add(h, companion)))
        return h;
    free(h->handed[0].owner);
    free(h);
    return NULL;
}

const char *brk_handover_begin(struct brk_worker *w, struct brk_assoc *a, unsigned to)
{
    struct brk_assoc *companion = brk_session_companion(a);
    const char *why = why_not(w, a, to);
    if (!why && companion)
        why = why_fixed(w, companion);
    if (why)
        return why;
    if (a->socket->kind == BRK_LISTENING && !brk_peel_off(w, a))
        return "it has no socket of its own, and got none; the log says why";
    if (companion && companion->socket->kind == BRK_LISTENING && !brk_peel_off(w, companion))
        return "the other side of its session has no socket of its own, and got none; the log says why";
    struct brk_handover *h = new_handover(a, companion, to);
    if (!h)
        return "out of memory";
    for (unsigned i = 0; i < h->count; i++)
        h->handed[i].assoc->handover = h;
    w->wanted = h;
    brk_handover_try(w);
    return NULL;
}

void brk_handover_try(struct brk_worker *w)
{
    struct brk_handover *h = w->wanted;
    for (unsigned i = 0; i < h->count; i++)
        if (h->handed[i].assoc && h->handed[i].assoc->state == BRK_UP && h->handed[i].assoc->socket->paused &&
            w->phase == BRK_RUNNING)
            return;
    w->wanted = NULL;
    post(w, h, BRK_HANDOVER_WANTED);
}

void brk_handover_end(struct brk_worker *w)
{
    for (unsigned i = 0; w->wanted && i < w->wanted->count; i++)
        free(w->wanted->handed[i].owner);
    free(w->wanted);
    w->wanted = NULL;
}

/* ---- STOP: the old owner -------------------------------------------------------------------------- */

/* Moves its messages from one queue to `kept`; returns how many. They stop no socket of this worker any more:
 * the one they were read from leaves, or is its listener's, with other associations. */
static uint32_t keep_from(struct brk_worker *w, struct brk_handover *h, struct brk_queue *q)
{
    struct brk_queue rest = {0};
    struct rt_parcel *p;
    uint32_t before = brk_queue_count(&h->kept);
    while ((p = brk_queue_take(q))) {
        bool handed = brk_is_handed(h, p->message);
        if (handed)
            brk_free_source(w, p->message);
        brk_queue_add(handed ? &h->kept : &rest, p);
    }
    *q = rest;
    return brk_queue_count(&h->kept) - before;
}

/* Whether it can go as it was to go when it was asked for: a reload may have given it a session since. */
static bool still_goes(const struct brk_worker *w, const struct brk_handover *h)
{
    for (unsigned i = 0; i < h->count; i++) {
        const struct brk_assoc *a = h->handed[i].assoc, *other = h->handed[(i + 1) % h->count].assoc;
        if (!a || !is_ready(a) || a->dest != h->handed[i].before || brk_session_fixed(w, a))
            return false;
        if (brk_session_companion(a) != (h->count > 1 ? other : NULL))
            return false;
    }
    return true;
}

static void stop(struct brk_worker *w, struct brk_handover *h)
{
    if (!still_goes(w, h))
        h->refused = "it has ended, or its session has changed";
    for (unsigned i = 0; i < h->count && !h->refused; i++) {
        struct brk_assoc *a = h->handed[i].assoc;
        brk_stall_forget(w, a);
        brk_limit_forget(w, a);
        a->state = BRK_MOVING;
        a->socket->handing = true;
        brk_socket_update_watch(a->socket);
    }
    if (!h->refused) {
        w->handing = h;
        for (unsigned g = 0; g < w->config->group_count; g++) {
            keep_from(w, h, &w->returned[g]);
            if (brk_queue_count(&w->parked[g]))
                w->parked_count -= keep_from(w, h, &w->parked[g]);
            brk_hold_limit(w, g);
        }
    }
    post(w, h, BRK_HANDOVER_PUBLISH);
}

/* ---- LEAVE: the old owner ------------------------------------------------------------------------- */

/* Messages that change hands are counted as handed out before they are posted. */
static void hand_out(struct brk_worker *w, uint64_t count)
{
    brk_uncount(&w->counts.waiting, count);
    brk_count(&w->counts.handed_out, count);
}

static void leave_one(struct brk_worker *w, struct brk_handed *e)
{
    struct brk_assoc *a = e->assoc;
    struct brk_socket *s = a->socket;
    struct tr_error error;
    if (tr_release(s->ep, &error) != TR_OK)
        abort(); /* it has TR_CAP_MOVE */
    e->socket->ep = s->ep;
    e->socket->sndbuf = s->sndbuf;
    e->socket->full_buffer = s->full_buffer;
    e->socket->has_undelivered = s->has_undelivered;
    e->socket->to_the_end = s->to_the_end;
    s->ep = NULL;
    brk_assoc_detach(a);
    brk_socket_leave(s, &w->sockets);
    brk_socket_enter(s, &w->closed_sockets);
    brk_expiry_forget(w, a);
    brk_assoc_unlist(w, a);
    hand_out(w, brk_queue_count(&a->outbox.pending) + a->outbox.undelivered.count);
    brk_silent_leave(w, a);
}

static void leave(struct brk_worker *w, struct brk_handover *h)
{
    struct rt_batch one;
    brk_flush(w);
    brk_post(w);
    for (unsigned i = 0; i < h->count; i++)
        leave_one(w, &h->handed[i]);
    w->handing = NULL;
    hand_out(w, brk_queue_count(&h->kept));
    h->step = BRK_HANDOVER_ARRIVE;
    rt_batch_init(&one);
    rt_batch_add(&one, &h->parcel);
    rt_inbox_post(&w->broker->workers[h->to]->inbox, &one);
}

/* ---- FORGET: the old owner ------------------------------------------------------------------------ */

static void stay(struct brk_worker *w, struct brk_handover *h)
{
    struct rt_parcel *p;
    char number[RT_ORIGIN_TEXT];
    bool stood_still = w->handing == h;
    brk_log(CFG_LOG_WARNING, "not_moved", "association=%s from=%u to=%u error=\"%s\"",
            rt_origin_format(h->handed[0].origin, number), h->from, h->to, h->refused);
    if (stood_still)
        w->handing = NULL;
    while ((p = brk_queue_take(&h->kept)))
        brk_park_again(w, p);
    for (unsigned i = 0; i < h->count; i++) {
        struct brk_assoc *a = h->handed[i].assoc;
        if (a)
            a->handover = NULL;
        if (a && stood_still)
            brk_arrival_go_on(w, a);
    }
    post(w, h, BRK_HANDOVER_DONE);
}

void brk_handover_step(struct brk_worker *w, struct brk_handover *h)
{
    switch (h->step) {
    case BRK_HANDOVER_EXPECT:
        brk_arrival_expect(w, h);
        break;
    case BRK_HANDOVER_STOP:
        stop(w, h);
        break;
    case BRK_HANDOVER_LEAVE:
        leave(w, h);
        break;
    case BRK_HANDOVER_ARRIVE:
        brk_arrival_settle(w, h);
        break;
    case BRK_HANDOVER_FORGET:
        if (w->index == h->to)
            brk_arrival_forget(w, h);
        else
            stay(w, h);
        break;
    case BRK_HANDOVER_WANTED:
    case BRK_HANDOVER_PUBLISH:
    case BRK_HANDOVER_DONE:
        abort(); /* never sent to a worker */
    }
}
