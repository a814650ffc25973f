/* Forwarding a received message: finds its route, and passes it to the session. */
#include "broker/forward.h"

#include "broker/assoc.h"
#include "broker/capture.h"
#include "broker/parcel.h"
#include "broker/sending.h"
#include "broker/session/session.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/table.h"
#include "transport/transport.h"

/* No route takes this message. */
static void unrouted(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m)
{
    static const char why[] = "no route takes a message of it";
    brk_count_source_drop(w, from, m, RT_NO_ROUTE, BRK_NO_ROUTE);
    if (w->config->unrouted != CFG_UNROUTED_ABORT || from->state != BRK_UP || from->ended_here ||
        from->end_by_ms || w->phase != BRK_RUNNING)
        return;
    brk_count(&w->counts.unrouted, 1);
    brk_assoc_abort_for(w, from, why, why, sizeof why - 1);
}

void brk_forward(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m)
{
    if (from->session && from->session->answer) {
        if (w->tap)
            brk_capture_received(w, from, m, RT_NO_ROUTE);
        from->session->answer(w, from, m);
        return;
    }
    uint32_t route =
        rt_table_find(w->plan->table, from->socket->source, m->ppid, m->stream, m->flags & TR_UNORDERED);
    if (w->tap)
        brk_capture_received(w, from, m, route);
    if (route == RT_NO_ROUTE) {
        if (!from->end_by_ms || !brk_session_last(w, from, m, RT_NO_ROUTE))
            unrouted(w, from, m);
        return;
    }
    struct brk_traffic *r = brk_traffic_of(&w->counts, BRK_ROUTES, route);
    brk_count(&r->received, 1);
    brk_count(&r->received_bytes, m->len);
    if (from->end_by_ms && brk_session_last(w, from, m, route))
        return;
    brk_sessions[w->config->routes[route].session]->route_in(w, from, m, route);
}
