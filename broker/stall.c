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
#include "broker/stall.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/config.h"

/* 0: for ever. */
unsigned brk_stall_limit_ms(const struct brk_assoc *a)
{
    struct cfg_member m = a->socket->member;
    return a->dest && m.kind == CFG_MEMBER_LISTENER ? a->worker->config->listeners[m.index].stall_ms : 0;
}

void brk_stall_begin(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->outbox.stalled_ms || !brk_stall_limit_ms(a))
        return;
    a->outbox.stalled_ms = w->now_ms;
    DL_APPEND2(w->stalling, a, outbox.prev_stalling, outbox.next_stalling);
}

void brk_stall_forget(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->outbox.stalled_ms)
        DL_DELETE2(w->stalling, a, outbox.prev_stalling, outbox.next_stalling);
    a->outbox.stalled_ms = 0;
}

void brk_stall_moved(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->outbox.stalled_ms)
        a->outbox.stalled_ms = w->now_ms;
    if (!brk_queue_count(&a->outbox.pending))
        brk_stall_forget(w, a);
}
