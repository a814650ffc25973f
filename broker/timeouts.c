/* Associations whose time is over: those whose peer makes no progress (stall.c), and ends that take too long
 * (ending.c). */
#include "broker/timeouts.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/health.h"
#include "broker/log.h"
#include "broker/sending.h"
#include "broker/reading.h"
#include "broker/socket.h"
#include "broker/stall.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/sctp/hash.h"

static void end_late(struct brk_worker *w, struct brk_assoc *a)
{
    static struct brk_log_budget lines = {.event = "drain_timeout", .level = CFG_LOG_WARNING};
    a->ended_late = true;
    if (brk_assoc_admits(a, &lines))
        brk_log(CFG_LOG_WARNING, "drain_timeout", "%s=%s assoc=%u timeout_ms=%u",
                brk_member_word(a->socket->member), brk_assoc_name(a), a->id, w->config->drain_timeout_ms);
    brk_assoc_abort(w, a, "it did not end within drain_timeout");
}

void brk_ending_tick(struct brk_worker *w)
{
    struct brk_socket *s, *next;
    struct brk_assoc *a, *tmp;
    bool any = false;
    if (!w->ending)
        return;
    DL_FOREACH_SAFE(w->sockets, s, next)
    {
        HASH_ITER(hh, s->assocs, a, tmp)
        {
            any |= a->end_by_ms != 0;
            if (!a->end_by_ms || a->end_by_ms > w->now_ms || a->state != BRK_UP || a->ended_late)
                continue;
            end_late(w, a);
        }
        if (s->retiring) {
            any = true;
            if (!s->assocs && brk_socket_read(w, s) &&
                !s->assocs) /* an association may have come up just before */
                brk_socket_close(s);
        }
    }
    w->ending = any;
}

/* Its peer makes no progress (stall.c): that is told once, and may be the end of it. */
static void tell(struct brk_worker *w, struct brk_assoc *a, bool aborts)
{
    static struct brk_log_budget lines = {.event = "blocked", .level = CFG_LOG_WARNING};
    unsigned after_ms = brk_stall_of(a)->after_ms;
    a->stall.told = true;
    brk_count(&w->counts.stuck, 1);
    brk_note(w, a, BRK_HAPPENED_STUCK, aborts ? "aborted" : NULL);
    if (brk_assoc_admits(a, &lines))
        brk_log(CFG_LOG_WARNING, "blocked",
                "%s=%s assoc=%u waiting=%u unacknowledged=%lld peer_window=%lld stall_ms=%u action=%s",
                brk_member_word(a->socket->member), brk_assoc_name(a), a->id,
                brk_queue_count(&a->outbox.pending), (long long)a->stall.unacknowledged,
                (long long)a->stall.window, after_ms, aborts ? "abort" : "log");
}

static void act(struct brk_worker *w, struct brk_assoc *a)
{
    bool aborts = brk_stall_aborts(a);
    if (!a->stall.told)
        tell(w, a, aborts);
    if (!aborts)
        return;
    brk_count(&w->counts.blocked, 1);
    a->stall.told = false;
    brk_stall_forget(w, a);
    brk_peer_suspect(w, a->socket->member);
    brk_assoc_abort(w, a, "its peer made no progress for too long");
}

/* True where the stack was asked. */
static bool look_at(struct brk_worker *w, struct brk_assoc *a)
{
    if (!brk_stall_of(a)->after_ms ||
        a->ended_here) { /* the previous configuration watched it; it is being aborted */
        brk_stall_forget(w, a);
        return false;
    }
    if (w->now_ms < a->stall.look_ms)
        return false;
    enum brk_stall_found found = brk_stall_look(w, a);
    if (found == BRK_STALL_DONE)
        brk_stall_forget(w, a);
    else if (found == BRK_STALL_OVER)
        act(w, a);
    return true;
}

void brk_stall_tick(struct brk_worker *w)
{
    enum { PASSED_MAX = 1024, ASKED_MAX = 64 };
    struct brk_assoc *last = w->stalling ? w->stalling->stall.prev : NULL;
    for (unsigned passed = 0, asked = 0; w->stalling && passed < PASSED_MAX && asked < ASKED_MAX; passed++) {
        struct brk_assoc *a = w->stalling;
        DL_DELETE2(w->stalling, a, stall.prev, stall.next);
        DL_APPEND2(w->stalling, a, stall.prev, stall.next);
        asked += look_at(w, a);
        if (a == last)
            return;
    }
}
