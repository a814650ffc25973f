/* Drops messages that have waited longer than their route's ttl: see reliability.c. */
#include "broker/expiry.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/room.h"
#include "broker/hold.h"
#include "broker/parcel.h"
#include "broker/queue.h"
#include "broker/reliability.h"
#include "broker/sending.h"
#include "broker/state.h"
#include "routing/inbox.h"
#include "routing/message.h"

/* Drops what is too old. Returns when the next one expires; 0: none of the rest does. */
static uint64_t sweep(struct brk_worker *w, struct brk_queue *q)
{
    struct brk_queue rest = {0};
    struct rt_parcel *p;
    uint64_t next = 0;
    while ((p = brk_queue_take(q))) {
        if (brk_is_expired(w, p)) {
            brk_drop_parcel(w, p, BRK_EXPIRED);
            continue;
        }
        next = brk_earlier(next, brk_deadline(w, p));
        brk_queue_add(&rest, p);
    }
    *q = rest;
    return next;
}

static void sweep_parked(struct brk_worker *w)
{
    w->parked_expires_ms = sweep(w, &w->held_back);
    for (unsigned g = 0; g < w->config->group_count; g++) {
        uint32_t before = brk_queue_count(&w->parked[g]);
        uint64_t next = sweep(w, &w->parked[g]);
        next = brk_earlier(next, brk_hold_sweep(w, g));
        w->parked_count -= before - brk_queue_count(&w->parked[g]);
        w->parked_expires_ms = brk_earlier(w->parked_expires_ms, next);
    }
}

void brk_expire(struct brk_worker *w)
{
    struct brk_assoc *a, *tmp;
    DL_FOREACH_SAFE2(w->expiring, a, tmp, outbox.next_expiring)
    {
        if (a->outbox.expires_ms > w->now_ms)
            continue;
        brk_expiry_forget(w, a);
        uint64_t next = brk_earlier(sweep(w, &a->outbox.pending), sweep(w, &a->map.waiting));
        brk_room_update(w, a);
        if (next) {
            a->outbox.expires_ms = next;
            DL_APPEND2(w->expiring, a, outbox.prev_expiring, outbox.next_expiring);
        }
        if (a->outbox.eof_wanted)
            brk_assoc_eof(w, a);
    }
    if (w->parked_expires_ms && w->parked_expires_ms <= w->now_ms)
        sweep_parked(w);
}

bool brk_expiry_pending(const struct brk_worker *w)
{
    return w->expiring || w->parked_expires_ms;
}
