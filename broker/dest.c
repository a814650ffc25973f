/* An association as a destination of shared sessions: joining and leaving its groups. The rest is in
 * control.c. */
#include "broker/dest.h"

#include <stdlib.h>

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/health.h"
#include "broker/log.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/config.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "routing/plan.h"
#include "routing/snapshot.h"
#include "transport/transport.h"

static bool is_destination(const struct brk_assoc *a, bool mapped)
{
    const struct rt_role *role = rt_role(a->worker->plan, a->socket->member);
    return mapped ? role->mapped : role->destination;
}

static void control_init(struct rt_parcel *p, enum brk_control_kind kind, struct brk_dest *d)
{
    *p = (struct rt_parcel){.kind = RT_CONTROL, .control = (uint16_t)kind, .to = d, .embedded = true};
}

struct brk_dest *brk_dest_new(struct brk_worker *w, struct brk_assoc *a, bool mapped)
{
    struct brk_dest *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->magic = BRK_DEST_MAGIC;
    d->dest = (struct rt_dest){.worker = w->index,
                               .room = a->outbox.room,
                               .member = a->socket->member,
                               .mapped = mapped,
                               .up_ms = w->now_ms,
                               .number = a->origin,
                               .owner = a};
    control_init(&d->up, BRK_MEMBER_UP, d);
    control_init(&d->down, BRK_MEMBER_DOWN, d);
    control_init(&d->retire, BRK_RETIRE, d);
    control_init(&d->retired, BRK_RETIRED, d);
    control_init(&d->empty, BRK_EMPTY, d);
    control_init(&d->emptied, BRK_EMPTIED, d);
    control_init(&d->told, BRK_MEMBER_TOLD, d);
    return d;
}

/* A peer without authentication asks for none. */
static bool is_authenticated(const struct brk_worker *w, const struct brk_assoc *a)
{
    enum { DATA = 1 << 0, I_DATA = 1 << 10 };
    const struct cfg_listener *l = &w->config->listeners[a->socket->member.index];
    struct opt_set got = {0};
    struct tr_error error;
    return opt_num(&l->sctp, OPTF_AUTH_CHUNKS, 0) &&
           tr_get_option(a->socket->ep, a->id, OPT_PEER_AUTH_CHUNKS, &got, &error) == TR_OK &&
           opt_num(&got, OPTF_PEER_AUTH_CHUNKS, 0) & (DATA | I_DATA);
}

void brk_assoc_join(struct brk_worker *w, struct brk_assoc *a, bool mapped)
{
    if (a->dest || a->unwanted || a->end_by_ms || !is_destination(a, mapped) ||
        brk_state(w->broker, a->socket->member) == CFG_MAINT)
        return;
    struct brk_dest *d = brk_dest_new(w, a, mapped);
    if (!d) {
        brk_log(CFG_LOG_ERROR, "no_memory", "%s=%s assoc=%u text=\"does not join its groups\"",
                brk_member_word(a->socket->member), brk_assoc_name(a), a->id);
        return;
    }
    if (a->socket->kind != BRK_OUTBOUND) {
        if (!tr_addresses(a->socket->ep, a->id, true, &d->dest.remote, 1))
            d->dest.remote.sa.sa_family = AF_UNSPEC;
        d->dest.authenticated = is_authenticated(w, a);
    }
    d->dest.adapted = a->adapted;
    d->dest.adaptation = a->adaptation;
    a->dest = d;
    rt_batch_add(&w->out[w->broker->worker_count], &d->up);
}

void brk_assoc_adapted(struct brk_worker *w, struct brk_assoc *a, uint32_t adaptation)
{
    a->adapted = true;
    a->adaptation = adaptation;
    if (!a->dest || a->dest->told_sent || a->dest->down_sent)
        return;
    a->dest->told_sent = true;
    a->dest->told_adaptation = adaptation;
    rt_batch_add(&w->out[w->broker->worker_count], &a->dest->told);
}

void brk_assoc_withdraw(struct brk_worker *w, struct brk_assoc *a)
{
    if (!a->dest->down_sent)
        rt_batch_add(&w->out[w->broker->worker_count], &a->dest->down);
    a->dest->down_sent = true;
}
