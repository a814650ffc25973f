/* A destination of shared sessions leaves before it ends. It asks control to take it out of its groups, goes
 * on taking what others still post to it, and shuts down when control has said that nobody does any more
 * (BRK_RETIRE); its groups stay held until it has ended, so that what it has not delivered goes elsewhere
 * before anything newer: the order of a stream holds across the change. The price is that its groups wait for
 * as long as its last messages take, drain_timeout at most.
 *
 * Everything else is shut down at once. */
#include "broker/ending.h"

#include <utlist.h>

void brk_end(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->end_by_ms || a->state != BRK_UP)
        return;
    a->end_by_ms = w->now_ms + w->config->drain_timeout_ms + 1;
    w->ending = true;
    if (a->dest)
        brk_assoc_withdraw(w, a);
    else
        brk_assoc_eof(w, a);
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
            a->ended_late = true;
            brk_log(CFG_LOG_WARNING, "drain_timeout", "%s=%s assoc=%u timeout_ms=%u",
                    brk_member_word(s->member), brk_assoc_name(a), a->id, w->config->drain_timeout_ms);
            brk_assoc_abort(w, a, "it was to end, and drain_timeout is over");
        }
        if (s->retiring) {
            any = true;
            if (!s->assocs && brk_socket_read(w, s) && !s->assocs) /* somebody may have come just before */
                brk_socket_close(s);
        }
    }
    w->ending = any;
}
