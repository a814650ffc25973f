/* Counting the messages that the stack has taken over. */
#include "broker/delivered.h"

#include "broker/assoc.h"
#include "broker/sndbuf.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/table.h"

static void count_run(struct brk_traffic *t, const struct brk_delivered *d)
{
    brk_count(&t->delivered, d->messages);
    brk_count(&t->delivered_bytes, d->bytes);
}

void brk_delivered_count(struct brk_worker *w, struct brk_assoc *a, struct brk_delivered *d)
{
    if (!d->messages)
        return;
    brk_count(&w->counts.delivered, d->messages);
    a->delivered += d->messages;
    a->delivered_bytes += d->bytes;
    count_run(a->socket->traffic, d);
    a->socket->sndbuf.taken += (int64_t)(d->bytes + (uint64_t)d->messages * BRK_SNDBUF_MESSAGE);
    if (d->route != RT_NO_ROUTE) {
        count_run(brk_traffic_of(&w->counts, BRK_ROUTES, d->route), d);
        count_run(brk_traffic_of(&w->counts, BRK_GROUPS, w->config->routes[d->route].group), d);
    }
    d->messages = 0;
    d->bytes = 0;
}
