/* Associations whose time is over: destinations that take nothing (stall.c), and ends that take too long
 * (ending.c). */
#include "broker/timeouts.h"

#include <uthash.h>
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
            brk_assoc_abort(w, a, "it did not end within drain_timeout");
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

static void end(struct brk_worker *w, struct brk_assoc *a)
{
    static struct brk_log_budget lines = {.event = "blocked", .level = CFG_LOG_WARNING};
    if (brk_assoc_admits(a, &lines))
        brk_log(CFG_LOG_WARNING, "blocked", "%s=%s assoc=%u waiting=%u stall_ms=%u",
                brk_member_word(a->socket->member), brk_assoc_name(a), a->id,
                brk_queue_count(&a->outbox.pending), brk_stall_limit_ms(a));
    brk_count(&w->counts.blocked, 1);
    brk_stall_forget(w, a);
    brk_peer_suspect(w, a->socket->member);
    brk_assoc_abort(w, a, "it took nothing for too long");
}

void brk_stall_tick(struct brk_worker *w)
{
    struct brk_assoc *a, *tmp;
    DL_FOREACH_SAFE2(w->stalling, a, tmp, outbox.next_stalling)
    {
        unsigned limit = brk_stall_limit_ms(a);
        if (limit && w->now_ms - a->outbox.stalled_ms < limit)
            continue;
        if (!limit) /* the previous configuration had a limit */
            brk_stall_forget(w, a);
        else if (brk_queue_count(&a->outbox.pending))
            end(w, a);
        else /* what was pending was given up, so it blocks nobody */
            a->outbox.stalled_ms = w->now_ms;
    }
}
