/* Associations that are being set up: see setup.h. */
#include "broker/setup.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/health.h"
#include "broker/names.h"
#include "broker/session/session.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "transport/transport.h"

/* The half-open association is aborted: its peer may answer later and must not find one. */
void brk_setup_abandon(struct brk_worker *w, struct brk_assoc *a)
{
    struct tr_error error;
    struct brk_socket *s = a->socket;
    if (a->state == BRK_RESOLVING) {
        brk_assoc_leave(a, &w->resolving);
    } else {
        brk_assoc_leave(a, &w->connecting);
        tr_abort(s->ep, a->id, &error);
        brk_assoc_detach(a);
        brk_socket_close(s);
    }
    a->state = BRK_LOST;
}

static void time_out(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->state == BRK_RESOLVING) {
        brk_log_not_resolved(w, a->peer, a);
    } else {
        brk_log_connect_failed(w, a->peer, a, "timeout");
        brk_names_failed(w, a->peer, a->round, false);
    }
    brk_setup_abandon(w, a);
    brk_peer_suspect(w, (struct cfg_member){CFG_MEMBER_PEER, a->peer});
    a->session->timed_out(w, a);
}

void brk_setup_tick(struct brk_worker *w)
{
    struct brk_assoc *a, *tmp;
    DL_FOREACH_SAFE(w->connecting, a, tmp)
    if (a->deadline_ms <= w->now_ms)
        time_out(w, a);
    DL_FOREACH_SAFE(w->resolving, a, tmp)
    if (a->deadline_ms <= w->now_ms)
        time_out(w, a);
}

/* Associations that start to wait again while this runs are behind the ones it handles. */
void brk_setup_resolved(struct brk_worker *w, unsigned peer)
{
    struct brk_assoc *a;
    unsigned count;
    DL_COUNT(w->resolving, a, count);
    while (count-- > 0 && (a = w->resolving)) {
        brk_assoc_leave(a, &w->resolving);
        if (a->peer == peer)
            a->session->resolved(w, a);
        else
            brk_assoc_enter(a, &w->resolving);
    }
}
