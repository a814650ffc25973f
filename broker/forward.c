/* The way of a message through a worker begins here: its route, and what takes it from there. */
#include "broker/forward.h"

#include "broker/assoc.h"
#include "broker/dispatch.h"
#include "broker/sending.h"
#include "broker/parcel.h"
#include "broker/session/paired.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/table.h"
#include "transport/transport.h"

void brk_forward(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m)
{
    if (from->is_partner) { /* an answer in a paired session */
        if (from->client)
            brk_send_local(w, from->client, from, m, RT_NO_ROUTE);
        else
            brk_count_source_drop(w, from, m, RT_NO_ROUTE, BRK_PEER_LOST);
        return;
    }
    uint32_t route = rt_table_find(w->plan->table, from->socket->source, m->ppid, m->stream);
    if (route == RT_NO_ROUTE && from->partner &&
        from->end_by_ms) { /* the last of a session that a reload ends */
        brk_send_local(w, from->partner, from, m, RT_NO_ROUTE);
        return;
    }
    if (route == RT_NO_ROUTE) {
        brk_count_source_drop(w, from, m, RT_NO_ROUTE, BRK_NO_ROUTE);
        return;
    }
    struct brk_traffic *r = brk_traffic_of(&w->counts, BRK_ROUTES, route);
    brk_count(&r->received, 1);
    brk_count(&r->received_bytes, m->len);
    if (w->config->routes[route].session == CFG_SHARED) {
        brk_dispatch(w, from, m, route);
        return;
    }
    struct brk_assoc *partner = brk_session_partner(w, from, route);
    if (partner) {
        brk_send_local(w, partner, from, m, route);
        return;
    }
    brk_count_source_drop(w, from, m, route, BRK_UNREACHABLE);
    brk_session_unserved(w, from);
}
