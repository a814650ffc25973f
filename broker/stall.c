/* Destinations that take no messages.
 *
 * Back-pressure lets one receiver that keeps its window closed stop everybody who sends to it, and a
 * receiver that answers the stack's window probes can do so for ever. Anybody who may connect to a
 * listener whose associations are members of a group could do that. So such an association is aborted when
 * messages have been pending for it and it has taken none of them for as long as its listener's `stall`
 * permits. What is pending goes to another member or is dropped, as with any association that is lost.
 * This also resolves a deadlock of two that wait for each other.
 *
 * Associations for which the stack refused a message are in worker->stalling, with the time when the stack
 * last took one; the tick checks them. */
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
    return (a->dest || a->client.farewell) && m.kind == CFG_MEMBER_LISTENER
               ? a->worker->config->listeners[m.index].stall_ms
               : 0;
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
