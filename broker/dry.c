/* Waiting until everything is acknowledged: see dry.h. Meanwhile the association is not given any new
 * messages.
 *
 * The stack reports it (SENDER_DRY, RFC 6458 6.1.9), at once if it has nothing. The event is enabled only
 * when nothing is pending here any more, so that it costs nothing in normal operation. A member that
 * acknowledges nothing for DRY_STALLED_MS would block its groups although another one is there: it is
 * aborted, and what it had goes to the others, in order. One that goes on acknowledging, but slowly, is
 * waited for during DRY_MOST_MS. After that the order is given up: if it is lost later, what it had comes
 * behind newer messages.
 *
 * An event may be older than the question. It waits in the socket's receive queue behind data, which may not
 * be read for a while (`rate_limit`, back-pressure); meanwhile more is sent, and another question is asked
 * (mapped sessions ask for their own streams, too: session/map.c). So the event is only a hint, and the stack
 * is asked how much is unacknowledged (RFC 6458 8.2.1, sstat_unackdata); if something is, the event that is
 * meant comes later.
 *
 * The last association of a session blocks nobody: it is waited for as long as it acknowledges anything.
 * After DRY_STALLED_MS without an acknowledgement it is ended as if it had acknowledged everything; a
 * shutdown continues to deliver as long as the stack permits. */
#include "broker/dry.h"

#include <utlist.h>

#include "broker/check.h"
#include "broker/assoc.h"
#include "broker/dest.h"
#include "broker/health.h"
#include "broker/log.h"
#include "broker/sending.h"
#include "broker/socket.h"
#include "broker/stall.h"
#include "broker/state.h"
#include "routing/inbox.h"

#define DRY_STALLED_MS 5000
#define DRY_MOST_MS    30000
#define DRY_LOOK_MS    (DRY_STALLED_MS / 4) /* how often the stack is asked; thousands may end at once */

static void answer(struct brk_worker *w, struct brk_dest *d, bool lost)
{
    d->lost = lost;
    rt_batch_add(&w->out[w->broker->worker_count], &d->emptied);
}

static void done(struct brk_worker *w, struct brk_assoc *a)
{
    brk_assoc_leave(a, &w->drying);
    if (!a->dry.wanted) {
        a->dry.over = true;
        brk_assoc_eof(w, a);
        return;
    }
    if (a->dry.asked)
        brk_assoc_tell_dry(a, false);
    a->dry.wanted = false;
    answer(w, a->dest, false);
}

/* Nothing is left here: neither for the stack, nor for streams that a mapped session has asked for. */
static bool has_nothing(const struct brk_assoc *a)
{
    return brk_outbox_is_empty(&a->outbox) && !brk_queue_count(&a->map.waiting);
}

void brk_dry_want(struct brk_worker *w, struct brk_dest *d)
{
    struct brk_assoc *a = brk_assoc_of(d->dest.owner);
    if (a->state == BRK_LEAVING) {
        answer(w, d, true);
        return;
    }
    a->dry = (struct brk_dry){.wanted = true, .since_ms = w->now_ms, .progress_ms = w->now_ms};
    if (a->state != BRK_UP)
        return; /* it is lost, and about to leave */
    brk_assoc_enter(a, &w->drying);
    if (has_nothing(a))
        brk_assoc_tell_dry(a, true);
}

bool brk_dry_is_so(struct brk_worker *w, struct brk_assoc *a)
{
    if (!a->dry.asked)
        return false;
    brk_stall_position(w, a);
    return a->stall.unacknowledged <= 0; /* -1: the stack does not tell */
}

void brk_dry_told(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->stage == &w->drying && a->dry.asked && has_nothing(a))
        done(w, a);
}

void brk_dry_lost(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->stage == &w->drying)
        brk_assoc_leave(a, &w->drying);
}

void brk_dry_leaves(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->dry.wanted)
        answer(w, a->dest, true);
    a->dry.wanted = false;
}

/* True when nothing has changed for DRY_STALLED_MS. */
static bool is_stalled(struct brk_worker *w, struct brk_assoc *a)
{
    if (w->now_ms < a->dry.look_ms)
        return false;
    uint64_t now = (uint64_t)brk_queue_count(&a->outbox.pending) << 48 ^ brk_stall_position(w, a);
    if (now != a->dry.position)
        a->dry.progress_ms = w->now_ms;
    a->dry.position = now;
    uint64_t stalled_ms = a->dry.progress_ms + DRY_STALLED_MS, next_ms = w->now_ms + DRY_LOOK_MS;
    a->dry.look_ms = next_ms < stalled_ms ? next_ms : stalled_ms;
    return w->now_ms >= stalled_ms;
}

static void look_after(struct brk_worker *w, struct brk_assoc *a)
{
    bool stalled = is_stalled(w, a);
    if (has_nothing(a) && !a->dry.asked)
        brk_assoc_tell_dry(a, true);
    if (!a->dry.wanted) {
        if (stalled)
            done(w, a);
    } else if (stalled) {
        brk_log(CFG_LOG_WARNING, "member_stalled", "%s=%s assoc=%u waiting=%u",
                brk_member_word(a->socket->member), brk_assoc_name(a), a->id,
                brk_queue_count(&a->outbox.pending));
        a->dry.progress_ms = w->now_ms;
        brk_peer_suspect(w, a->socket->member);
        brk_assoc_abort(w, a, "it acknowledges nothing, and delays streams that another member is to get");
    } else if (w->now_ms - a->dry.since_ms >= DRY_MOST_MS) {
        brk_log(CFG_LOG_WARNING, "member_slow", "%s=%s assoc=%u waiting=%u",
                brk_member_word(a->socket->member), brk_assoc_name(a), a->id,
                brk_queue_count(&a->outbox.pending));
        done(w, a);
    }
}

void brk_dry_tick(struct brk_worker *w)
{
    struct brk_assoc *a, *tmp;
    DL_FOREACH_SAFE(w->drying, a, tmp)
    look_after(w, a);
}
