/* A worker's part in the end of the broker; control says when a step begins. What is still sent while an
 * association is shut down must find its destination, so first those are shut down that only send to the
 * broker, then those that messages are taken from and sent to (peers that answer), and at last those that
 * only receive. */
#include "broker/drain.h"

#include <stdatomic.h>
#include <sys/eventfd.h>

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/sending.h"
#include "broker/reading.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/sctp/hash.h"
#include "routing/inbox.h"
#include "routing/plan.h"
#include "transport/transport.h"

void brk_stop_accepting(struct brk_worker *w)
{
    struct tr_error error;
    struct brk_socket *s;
    struct brk_assoc *a, *tmp;
    DL_FOREACH(w->sockets, s)
    {
        if (s->kind == BRK_OUTBOUND)
            continue;
        if (s->kind == BRK_LISTENING)
            tr_listen(s->ep, 0, &error);
        HASH_ITER(hh, s->assocs, a, tmp)
        if (!a->dest) /* a source; what is also a destination stays until it has its messages */
            brk_assoc_eof(w, a);
    }
}

static bool is_source(const struct brk_assoc *a)
{
    return rt_role(a->worker->plan, a->socket->member)->source;
}

void brk_end_sources(struct brk_worker *w)
{
    struct brk_socket *s;
    struct brk_assoc *a, *tmp;
    DL_FOREACH(w->sockets, s)
    HASH_ITER(hh, s->assocs, a, tmp)
    if (is_source(a))
        brk_assoc_eof(w, a);
}

void brk_end_associations(struct brk_worker *w)
{
    struct brk_socket *s;
    struct brk_assoc *a, *tmp;
    DL_FOREACH(w->sockets, s)
    HASH_ITER(hh, s->assocs, a, tmp)
    brk_assoc_eof(w, a);
}

void brk_drain_one(struct brk_worker *w, struct brk_assoc *a)
{
    bool ends = (a->socket->kind != BRK_OUTBOUND && !a->dest) || w->phase == BRK_DRAIN_ALL ||
                (w->phase == BRK_DRAIN_BOTH && is_source(a));
    if (w->phase != BRK_RUNNING && ends)
        brk_assoc_eof(w, a);
}

/* The progress of the drain, for control. Sources are done when every association that only sends to the
 * broker is closed and none of their messages waits here; both, when nobody is left that messages are taken
 * from; everything is done when nothing at all is left. */
static enum brk_progress progress(const struct brk_worker *w)
{
    enum brk_progress reached = BRK_BOTH_DONE;
    if (w->phase == BRK_RUNNING || brk_counted(&w->counts.waiting))
        return BRK_BUSY;
    if (!w->assoc_count)
        return BRK_ALL_DONE;
    const struct brk_socket *s;
    DL_FOREACH(w->sockets, s)
    {
        for (const struct brk_assoc *a = s->assocs; a; a = a->hh.next) {
            if (!a->dest && s->kind != BRK_OUTBOUND)
                return BRK_BUSY;
            if (is_source(a))
                reached = BRK_SOURCES_DONE;
        }
    }
    return reached;
}

void brk_report_progress(struct brk_worker *w)
{
    if (w->phase == BRK_RUNNING)
        return;
    int now = progress(w);
    bool changed = atomic_exchange_explicit(&w->progress, now, memory_order_acq_rel) != now;
    /* After the exchange: whoever reads this count also sees that progress, or later. */
    atomic_store_explicit(&w->reported_taken, brk_counted(&w->counts.taken_in), memory_order_release);
    if (changed)
        eventfd_write(rt_inbox_fd(&w->broker->control), 1);
}

/* The deadline is over, or a second request came: aborts, and counts what comes back. */
void brk_abort_everything(struct brk_worker *w)
{
    struct brk_socket *s, *tmp;
    DL_FOREACH_SAFE(w->sockets, s, tmp)
    if (s->ep)
        brk_socket_abort_all(w, s);
    brk_flush(w);
}
