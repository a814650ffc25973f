/* Destinations that take nothing.
 *
 * Back-pressure lets one receiver that keeps its window closed stop everybody who sends to it, and a receiver
 * that answers the stack's window probes lives for ever. Whoever may connect to a listener whose associations
 * are members of a group could do that. So such an association is aborted when it has taken nothing for as
 * long as its listener's `stall` says, while messages waited for it: what waits goes to another member or is
 * dropped, as with any association that is lost. Also the way out where two wait for each other.
 *
 * Those that the stack refused a message for stand on worker->stalling, with the time since when nothing more
 * was taken; the tick looks at them. */
#include "broker/broker_priv.h"

#include <utlist.h>

/* 0: for ever. */
static unsigned limit_ms(const struct brk_assoc *a)
{
    struct cfg_member m = a->socket->member;
    return a->dest && m.kind == CFG_MEMBER_LISTENER ? a->worker->config->listeners[m.index].stall_ms : 0;
}

void brk_stall_begin(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->stalled_ms || !limit_ms(a))
        return;
    a->stalled_ms = w->now_ms;
    DL_APPEND2(w->stalling, a, prev_stalling, next_stalling);
}

void brk_stall_forget(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->stalled_ms)
        DL_DELETE2(w->stalling, a, prev_stalling, next_stalling);
    a->stalled_ms = 0;
}

void brk_stall_moved(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->stalled_ms)
        a->stalled_ms = w->now_ms;
    if (!a->pending.count)
        brk_stall_forget(w, a);
}

static void end(struct brk_worker *w, struct brk_assoc *a)
{
    static struct brk_log_budget lines = {.event = "blocked", .level = CFG_LOG_WARNING};
    if (brk_assoc_admits(a, &lines))
        brk_log(CFG_LOG_WARNING, "blocked", "%s=%s assoc=%u waiting=%u stall_ms=%u",
                brk_member_word(a->socket->member), brk_assoc_name(a), a->id, a->pending.count, limit_ms(a));
    brk_count(&w->counts.blocked, 1);
    brk_stall_forget(w, a);
    brk_assoc_abort(w, a, "it took nothing for too long");
}

void brk_stall_tick(struct brk_worker *w)
{
    struct brk_assoc *a, *tmp;
    DL_FOREACH_SAFE2(w->stalling, a, tmp, next_stalling)
    {
        unsigned limit = limit_ms(a);
        if (limit && w->now_ms - a->stalled_ms < limit)
            continue;
        if (!limit) /* a replaced configuration says so */
            brk_stall_forget(w, a);
        else if (a->pending.count)
            end(w, a);
        else /* what waited was given up: it holds nobody up */
            a->stalled_ms = w->now_ms;
    }
}
