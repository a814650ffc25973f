/* See hold.h. */
#include "broker/hold.h"

#include "broker/reliability.h"
#include "broker/room.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/snapshot.h"

static const struct cfg_hold *hold_of(const struct brk_worker *w, unsigned group)
{
    return &w->config->groups[group].hold;
}

static bool has_limits(const struct cfg_hold *h)
{
    return h->messages || h->bytes;
}

/* A worker that is not there yet has nothing. */
static bool is_nobody_there(const struct brk_worker *w, unsigned group)
{
    return w->snapshot && !w->snapshot->groups[group]->count;
}

static void add_up(const struct brk_worker *w, unsigned group, uint64_t *messages, uint64_t *bytes)
{
    *messages = *bytes = 0;
    for (unsigned i = 0; i < w->broker->worker_count; i++) {
        const struct brk_worker *other = w->broker->workers[i];
        const struct brk_traffic *t = brk_traffic_of(&other->counts, BRK_GROUPS, group);
        *messages += brk_counted(&t->held);
        *bytes += brk_counted(&t->held_bytes);
    }
}

/* Whether so much more is beyond the limits. */
static bool is_beyond(const struct brk_worker *w, unsigned group, uint64_t more, uint64_t more_bytes)
{
    const struct cfg_hold *h = hold_of(w, group);
    uint64_t messages, bytes;
    if (!has_limits(h) || !is_nobody_there(w, group))
        return false;
    add_up(w, group, &messages, &bytes);
    return (h->messages && messages + more > h->messages) || (h->bytes && bytes + more_bytes > h->bytes);
}

bool brk_hold_admit(const struct brk_worker *w, unsigned group, uint32_t len)
{
    return !is_beyond(w, group, 1, len);
}

enum brk_charge brk_hold_charge(const struct brk_worker *w, uint32_t route)
{
    unsigned group = w->config->routes[route].group;
    if (has_limits(hold_of(w, group)) && is_nobody_there(w, group))
        return BRK_NOT_CHARGED;
    return brk_room_charge_parked(w->config, route, w->snapshot->groups[group]->count);
}

static uint64_t deadline(const struct brk_worker *w, unsigned group, const struct rt_parcel *p)
{
    unsigned time_ms = hold_of(w, group)->time_ms;
    uint32_t age_ms = (uint32_t)w->now_ms - p->order;
    return time_ms ? w->now_ms - age_ms + time_ms : 0;
}

void brk_hold_add(struct brk_worker *w, struct brk_queue *lists, struct rt_parcel *p)
{
    unsigned group = w->config->routes[p->route].group;
    p->order = (uint32_t)w->now_ms;
    brk_queue_add(&lists[group], p);
    brk_wait_parked(w, p);
    w->parked_expires_ms = brk_earlier(w->parked_expires_ms, deadline(w, group, p));
}

static void publish(struct brk_worker *w, unsigned group)
{
    struct brk_traffic *t = brk_traffic_of(&w->counts, BRK_GROUPS, group);
    brk_count_is(&t->held, brk_queue_count(&w->parked[group]));
    brk_count_is(&t->held_bytes, w->parked[group].bytes);
}

/* What came back from a member that was the last one was accepted before there were limits for it; so was
 * what waited for other reasons, or under another configuration. */
static void trim(struct brk_worker *w, unsigned group)
{
    struct brk_queue all = w->parked[group];
    struct rt_parcel *p;
    bool full = false;
    w->parked[group] = (struct brk_queue){0};
    while ((p = brk_queue_take(&all))) {
        publish(w, group);
        full = full || is_beyond(w, group, 1, p->message->len);
        if (!full) {
            brk_queue_add(&w->parked[group], p);
            continue;
        }
        w->parked_count--;
        brk_drop_parcel(w, p, BRK_HOLD_FULL);
    }
}

void brk_hold_limit(struct brk_worker *w, unsigned group)
{
    publish(w, group);
    if (is_beyond(w, group, 0, 0))
        trim(w, group);
    publish(w, group);
}

void brk_hold_settle(struct brk_worker *w, unsigned group)
{
    brk_hold_limit(w, group);
    if (hold_of(w, group)->time_ms && brk_queue_count(&w->parked[group]) && is_nobody_there(w, group))
        w->parked_expires_ms = brk_earlier(w->parked_expires_ms, w->now_ms); /* the next tick finds out */
}

uint64_t brk_hold_sweep(struct brk_worker *w, unsigned group)
{
    struct brk_queue rest = {0}, *q = &w->parked[group];
    struct rt_parcel *p;
    uint64_t next = 0;
    bool timed = hold_of(w, group)->time_ms && is_nobody_there(w, group);
    while (timed && (p = brk_queue_take(q))) {
        uint64_t at = deadline(w, group, p);
        if (at <= w->now_ms) {
            brk_drop_parcel(w, p, BRK_HOLD_EXPIRED);
            continue;
        }
        next = brk_earlier(next, at);
        brk_queue_add(&rest, p);
    }
    if (timed)
        *q = rest;
    publish(w, group);
    return next;
}

void brk_hold_forget(struct brk_worker *w, unsigned group)
{
    publish(w, group);
}
