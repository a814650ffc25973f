/* Drops what waits and is older than its route allows: see reliability.c. */
#include "broker/expiry.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/outbox.h"
#include "broker/parcel.h"
#include "broker/reliability.h"
#include "broker/state.h"
#include "routing/inbox.h"
#include "routing/message.h"

/* Drops what is too old. Returns when the next one will be; 0: none of the rest. */
static uint64_t sweep(struct brk_worker *w, struct rt_batch *b)
{
    struct rt_batch rest;
    struct rt_parcel *p;
    uint64_t next = 0;
    rt_batch_init(&rest);
    while ((p = rt_batch_take(b))) {
        if (brk_is_expired(w, p)) {
            brk_drop_parcel(w, p, BRK_EXPIRED);
            continue;
        }
        next = brk_earlier(next, brk_deadline(w, p));
        rt_batch_add(&rest, p);
    }
    rt_batch_append(b, &rest);
    return next;
}

static void sweep_parked(struct brk_worker *w)
{
    w->parked_expires_ms = 0;
    for (unsigned g = 0; g < w->config->group_count; g++) {
        uint32_t before = w->parked[g].count;
        uint64_t next = sweep(w, &w->parked[g]);
        w->parked_count -= before - w->parked[g].count;
        w->parked_expires_ms = brk_earlier(w->parked_expires_ms, next);
    }
}

void brk_expire(struct brk_worker *w)
{
    struct brk_assoc *a, *tmp;
    DL_FOREACH_SAFE2(w->expiring, a, tmp, next_expiring)
    {
        if (a->expires_ms > w->now_ms)
            continue;
        brk_expiry_forget(w, a);
        uint64_t next = sweep(w, &a->pending);
        if (next) {
            a->expires_ms = next;
            DL_APPEND2(w->expiring, a, prev_expiring, next_expiring);
        }
        if (a->eof_wanted)
            brk_assoc_eof(w, a);
    }
    if (w->parked_expires_ms && w->parked_expires_ms <= w->now_ms)
        sweep_parked(w);
}

bool brk_expiry_pending(const struct brk_worker *w)
{
    return w->expiring || w->parked_expires_ms;
}
