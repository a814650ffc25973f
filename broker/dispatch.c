/* Groups: which member takes a message of a session that is not paired, and what waits while there is none
 * (worker->parked).
 *
 * Order: nothing is dispatched to a group while something is parked for it, and what a lost destination
 * gave back goes before what is parked. A destination of another worker gets its messages through that
 * worker's inbox (by way of worker->out), which preserves the order. */
#include "broker/dispatch.h"

#include <stdlib.h>

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/clients.h"
#include "broker/dest.h"
#include "broker/hold.h"
#include "broker/room.h"
#include "broker/sending.h"
#include "broker/handover.h"
#include "broker/parcel.h"
#include "broker/reliability.h"
#include "broker/session/session.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "routing/owners.h"
#include "routing/snapshot.h"
#include "routing/table.h"
#include "transport/transport.h"

void brk_deliver(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p)
{
    if (a->session && a->session->deliver)
        a->session->deliver(w, a, p);
    else
        brk_append(w, a, p);
}

static void park(struct brk_worker *w, unsigned group, struct rt_parcel *p)
{
    brk_hold_add(w, w->parked, p);
    w->parked_count++;
    brk_hold_limit(w, group);
}

/* One that has waited: where it has been accepted it is not dropped for want of room elsewhere. Meanwhile its
 * source may have gone. */
static void dispatch_parcel_to(struct brk_worker *w, struct rt_dest *d, struct rt_parcel *p)
{
    p->control = d->mapped && !brk_client_find(w, p->message->origin) ? BRK_LEFT : BRK_WAITED;
    if (brk_room_frees(w->config, p->route))
        brk_free_source(w, p->message);
    if (d->worker == w->index)
        brk_deliver(w, brk_assoc_of(d->owner), p);
    else
        brk_post_to(w, d, p);
}

/* The member whose turn it is; where its outbox is full and the route says so, another one that has room.
 * NULL: nobody can take a message now. */
static struct rt_dest *choose(struct brk_worker *w, uint32_t route, uint64_t origin, uint16_t stream)
{
    const struct cfg_route *r = &w->config->routes[route];
    const struct rt_group *g = w->snapshot->groups[r->group];
    struct rt_pick_state *state = &w->picks[r->group];
    struct rt_dest *d = rt_group_pick(g, state, origin, stream);
    if (!d || !brk_room_elsewhere(w->config, route, rt_dest_room(d)))
        return d;
    for (uint32_t i = 0; i < g->count; i++) {
        struct rt_dest *other = g->dests[(state->next + i) % g->count];
        if (rt_dest_room(other) & RT_FULL)
            continue;
        brk_count(&w->counts.rerouted, 1);
        return other;
    }
    w->crowded = true;
    return NULL;
}

/* Whether a message has to wait behind what is parked for its group. Not on a route that drops, where that
 * waits for room only: others wait for it there, but this one does not. */
static bool must_wait(const struct brk_worker *w, const struct rt_group *g, uint32_t route)
{
    const struct cfg_route *r = &w->config->routes[route];
    bool for_room = w->crowded && g->count && brk_room_drops(w->config, route);
    return g->held || (brk_queue_count(&w->parked[r->group]) && !for_room);
}

/* Fan-out of a message that has a parcel already: the first destination gets that one, the others get
 * further parcels of the same message. */
static void broadcast_parcel(struct brk_worker *w, const struct rt_group *g, struct rt_parcel *p)
{
    p->message->fan_out = true; /* it has only waited in this worker: nobody else has it */
    for (uint32_t i = 1; i < g->count; i++) {
        brk_count(&w->counts.copies, 1);
        struct rt_parcel *more = brk_parcel_new(w, p->message, p->route);
        if (more)
            dispatch_parcel_to(w, g->dests[i], more);
    }
    dispatch_parcel_to(w, g->dests[0], p);
}

/* Sends a parcel by its route. False: no member can take it now, and it remains the caller's. */
static bool dispatch_parcel(struct brk_worker *w, struct rt_parcel *p)
{
    unsigned group = w->config->routes[p->route].group;
    const struct rt_group *g = w->snapshot->groups[group];
    if (g->mode == CFG_BROADCAST) {
        if (g->held)
            return false;
        if (g->count)
            broadcast_parcel(w, g, p);
        else
            brk_drop_parcel(w, p, BRK_NO_SUBSCRIBER);
        return true;
    }
    struct rt_dest *d = choose(w, p->route, p->message->origin, p->message->stream);
    if (!d)
        return false;
    dispatch_parcel_to(w, d, p);
    return true;
}

/* Fan-out from the receive slot: destinations of this worker that can take it are sent it from the slot;
 * the others share one copy. */
static void broadcast(struct brk_worker *w, const struct rt_group *g, struct brk_assoc *from,
                      const struct tr_msg *m, uint32_t route)
{
    struct rt_message *shared = NULL;
    enum brk_drop reason;
    brk_count(&w->counts.copies, g->count - 1);
    for (uint32_t i = 0; i < g->count; i++) {
        struct brk_assoc *a = g->dests[i]->worker == w->index ? brk_assoc_of(g->dests[i]->owner) : NULL;
        if (a && a->state == BRK_UP && brk_outbox_is_open(&a->outbox)) {
            brk_send_local(w, a, from, m, route)->fan_out = true;
            continue;
        }
        if (a ? !brk_room_admit(w, a, route, &reason)
              : !brk_room_admit_there(w->config, g->dests[i], route, &reason)) {
            brk_count_source_drop(w, from, m, route, reason);
            continue;
        }
        enum brk_charge charge = brk_room_charge(w->config, route, rt_dest_room(g->dests[i]));
        if (!shared && !(shared = brk_copy_message(w, from, m, route, charge)))
            continue; /* counted as dropped */
        if (charge == BRK_STOPS)
            brk_stop_source(shared);
        shared->fan_out = true;
        struct rt_parcel *p = brk_parcel_new(w, shared, route);
        if (p && a)
            brk_append(w, a, p);
        else if (p)
            brk_post_to(w, g->dests[i], p);
    }
    if (shared && rt_message_unref(shared, w->index))
        abort(); /* this worker owns it, so it cannot have to go back to another one */
}

/* To a destination of another worker. */
static void send_there(struct brk_worker *w, struct rt_dest *d, struct brk_assoc *from,
                       const struct tr_msg *m, uint32_t route)
{
    enum brk_drop reason;
    struct rt_parcel *p;
    if (!brk_room_admit_there(w->config, d, route, &reason))
        brk_count_source_drop(w, from, m, route, reason);
    else if ((p = brk_copy_to_parcel(w, from, m, route, brk_room_charge(w->config, route, rt_dest_room(d)))))
        brk_post_to(w, d, p);
}

void brk_dispatch(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m, uint32_t route)
{
    unsigned group = w->config->routes[route].group;
    const struct rt_group *g = w->snapshot->groups[group];
    struct rt_dest *d = NULL;
    if (!must_wait(w, g, route)) {
        if (g->mode == CFG_BROADCAST) {
            if (g->count)
                broadcast(w, g, from, m, route);
            else
                brk_count_source_drop(w, from, m, route, BRK_NO_SUBSCRIBER);
            return;
        }
        d = choose(w, route, from->origin, m->stream);
    }
    if (d && d->worker == w->index)
        brk_send_local(w, brk_assoc_of(d->owner), from, m, route);
    else
        brk_dispatch_copy(w, d, from, m, route);
}

struct rt_dest *brk_dispatch_pick(struct brk_worker *w, const struct brk_assoc *from, const struct tr_msg *m,
                                  uint32_t route)
{
    const struct rt_group *g = w->snapshot->groups[w->config->routes[route].group];
    return must_wait(w, g, route) ? NULL : choose(w, route, from->origin, m->stream);
}

void brk_dispatch_copy(struct brk_worker *w, struct rt_dest *d, struct brk_assoc *from,
                       const struct tr_msg *m, uint32_t route)
{
    unsigned group = w->config->routes[route].group;
    struct rt_parcel *p;
    if (d)
        send_there(w, d, from, m, route);
    else if (!brk_hold_admit(w, group, m->len))
        brk_count_source_drop(w, from, m, route, BRK_HOLD_FULL);
    else if ((p = brk_copy_to_parcel(w, from, m, route, brk_hold_charge(w, route))))
        park(w, group, p);
}

bool brk_route_again(const struct brk_worker *w, struct rt_parcel *p)
{
    const struct rt_message *m = p->message;
    uint32_t route = rt_table_find(w->plan->table, m->source, m->ppid, m->stream, m->flags & TR_UNORDERED);
    bool found = route != RT_NO_ROUTE;
    if (found)
        p->route = route;
    return found || !w->config->routes[p->route].gone;
}

unsigned brk_reader(const struct brk_worker *w, const struct rt_message *m)
{
    if (brk_is_handed(w->handing, m))
        return w->handing->to;
    return rt_owners_find(w->snapshot->owners, m->origin);
}

void brk_park_again(struct brk_worker *w, struct rt_parcel *p)
{
    park(w, w->config->routes[p->route].group, p);
}

void brk_dispatch_again(struct brk_worker *w, struct rt_parcel *p)
{
    brk_hold_add(w, w->returned, p);
}

/* Returns how many have left the lists. */
static uint64_t route_again(struct brk_worker *w, struct brk_queue *lists)
{
    uint64_t left = 0;
    for (unsigned g = 0; g < w->config->group_count; g++) {
        struct brk_queue all = lists[g];
        struct rt_parcel *p;
        lists[g] = (struct brk_queue){0};
        while ((p = brk_queue_take(&all))) {
            if (brk_route_again(w, p) && cfg_uses_group(w->config->routes[p->route].session)) {
                brk_queue_add(&lists[w->config->routes[p->route].group], p);
                continue;
            }
            brk_queue_add(&w->left_groups, p);
            left++;
        }
    }
    return left;
}

void brk_dispatch_adopt(struct brk_worker *w)
{
    route_again(w, w->returned); /* they are older than what is parked */
    w->parked_count -= route_again(w, w->parked);
}

void brk_unpark(struct brk_worker *w)
{
    w->crowded = false; /* choose() says whether some still find no room */
    for (unsigned g = 0; g < w->config->group_count; g++) {
        if (brk_queue_count(&w->returned[g])) {
            w->parked_count += brk_queue_count(&w->returned[g]);
            brk_queue_put_first(&w->parked[g], &w->returned[g]);
        }
        struct rt_parcel *p;
        while ((p = brk_queue_take(&w->parked[g]))) {
            if (!dispatch_parcel(w, p)) {
                /* Nobody can take it: it goes back to the front. */
                struct brk_queue rest = {0};
                brk_queue_add(&rest, p);
                brk_queue_put_first(&w->parked[g], &rest);
                break;
            }
            w->parked_count--;
        }
        brk_hold_settle(w, g);
    }
    w->parked_version = w->snapshot->version;
}
