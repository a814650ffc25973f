/* See room.h. */
#include "broker/room.h"

#include <stdlib.h>

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/dest.h"
#include "broker/outbox.h"
#include "broker/parcel.h"
#include "broker/queue.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "routing/message.h"
#include "routing/table.h"

struct limit {
    uint32_t messages; /* 0: nothing is limited */
    uint64_t bytes;
    bool own; /* `queue` says so */
};

static enum cfg_when_full when_full(const struct cfg_config *c, uint32_t route)
{
    return route == RT_NO_ROUTE ? CFG_BLOCK : c->routes[route].when_full;
}

static const struct cfg_queue *queue_of(const struct cfg_config *c, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? &c->listeners[m.index].queue : &c->peers[m.index].queue;
}

/* What waits for an association that has ended goes elsewhere: it is not limited. */
static struct limit limit_of(const struct brk_worker *w, const struct brk_assoc *a)
{
    const struct cfg_config *c = w->config;
    if (a->state == BRK_LOST || a->state == BRK_LEAVING || a->state == BRK_ARRIVING)
        return (struct limit){0};
    struct cfg_member m = a->state == BRK_UP || a->state == BRK_MOVING
                              ? a->socket->member
                              : (struct cfg_member){CFG_MEMBER_PEER, a->peer};
    const struct cfg_queue *q = queue_of(c, m);
    return (struct limit){q->messages ? q->messages : c->queue_messages, q->bytes ? q->bytes : c->queue_bytes,
                          q->messages || q->bytes};
}

static bool is_full(const struct brk_queue *q, const struct limit *l)
{
    return l->messages && (brk_queue_count(q) >= l->messages || q->bytes >= l->bytes);
}

/* Whether sources are let go on again. */
static bool has_emptied(const struct brk_queue *q, const struct limit *l)
{
    return !l->messages || (brk_queue_count(q) <= l->messages / 2 && q->bytes <= l->bytes / 2);
}

static bool may_be_dropped(const void *config, const struct rt_parcel *p)
{
    return when_full(config, p->route) == CFG_DROP_OLDEST;
}

bool brk_room_admit(struct brk_worker *w, struct brk_assoc *a, uint32_t route, enum brk_drop *reason)
{
    enum cfg_when_full how = when_full(w->config, route);
    if (!brk_room_drops(w->config, route))
        return true;
    struct limit limit = limit_of(w, a);
    *reason = how == CFG_DROP_NEWEST ? BRK_FULL_NEWEST : BRK_FULL_OLDEST;
    while (is_full(&a->outbox.pending, &limit)) {
        struct rt_parcel *oldest = how == CFG_DROP_OLDEST
                                       ? brk_queue_take_first(&a->outbox.pending, may_be_dropped, w->config)
                                       : NULL;
        if (!oldest)
            return false;
        brk_drop_parcel(w, oldest, *reason);
    }
    return true;
}

bool brk_room_admit_there(const struct cfg_config *c, const struct rt_dest *d, uint32_t route,
                          enum brk_drop *reason)
{
    *reason = BRK_FULL_NEWEST;
    return when_full(c, route) != CFG_DROP_NEWEST || !(rt_dest_room(d) & RT_FULL);
}

bool brk_room_drops(const struct cfg_config *c, uint32_t route)
{
    enum cfg_when_full how = when_full(c, route);
    return how == CFG_DROP_NEWEST || how == CFG_DROP_OLDEST;
}

enum brk_charge brk_room_charge_parked(const struct cfg_config *c, uint32_t route, uint32_t members)
{
    return members && when_full(c, route) == CFG_REROUTE ? BRK_STOPS : BRK_CHARGED;
}

bool brk_room_elsewhere(const struct cfg_config *c, uint32_t route, unsigned room)
{
    return room & RT_FULL && when_full(c, route) == CFG_REROUTE;
}

bool brk_room_frees(const struct cfg_config *c, uint32_t route)
{
    return when_full(c, route) == CFG_REROUTE;
}

enum brk_charge brk_room_charge(const struct cfg_config *c, uint32_t route, unsigned room)
{
    switch (when_full(c, route)) {
    case CFG_DROP_NEWEST:
    case CFG_DROP_OLDEST:
    case CFG_REROUTE: /* it was chosen because it had room: if another worker has filled it since, the source
                         must not wait for a member that may be the one that takes nothing */
        return BRK_NOT_CHARGED;
    default:
        return room & RT_STOP ? BRK_STOPS : BRK_CHARGED;
    }
}

void brk_room_update(struct brk_worker *w, struct brk_assoc *a)
{
    struct brk_outbox *o = &a->outbox;
    struct limit limit = limit_of(w, a);
    uint8_t room = 0;
    if (a->dest)
        rt_dest_set_waiting(&a->dest->dest, brk_queue_count(&o->pending));
    if (is_full(&o->pending, &limit))
        room = limit.own ? RT_FULL | RT_STOP : RT_FULL;
    else if (limit.own && o->room & RT_STOP && !has_emptied(&o->pending, &limit))
        room = RT_STOP;
    if (room == o->room)
        return;
    o->room = room;
    if (a->dest) /* relaxed: see rt_dest_room */
        __atomic_store_n(&a->dest->dest.room, room, __ATOMIC_RELAXED);
}

/* Whether messages that wait on this route wait under other rules now. */
static bool has_other_limits(const struct cfg_config *old, const struct cfg_config *c, unsigned route)
{
    const struct cfg_route *before = &old->routes[route];
    const struct cfg_group *g = &old->groups[before->group];
    bool other = c->routes[route].gone || c->routes[route].when_full != before->when_full;
    for (unsigned i = 0; i < g->member_count && !other; i++) {
        const struct cfg_queue *a = queue_of(old, g->members[i]), *b = queue_of(c, g->members[i]);
        other = a->messages != b->messages || a->bytes != b->bytes;
    }
    return other && before->when_full == CFG_BLOCK;
}

static void forgive(struct brk_socket *s)
{
    rt_credit_forgive(&s->credit);
    brk_socket_check_resume(s);
}

void brk_room_forgive(struct brk_worker *w, const struct cfg_config *old)
{
    struct brk_socket *s;
    bool *forgiven = calloc(rt_source_count(old) + 1, sizeof *forgiven);
    for (unsigned i = 0; forgiven && i < cfg_ordered_routes(old); i++) {
        const struct cfg_route *r = &old->routes[cfg_route_at(old, i)];
        bool marks = has_other_limits(old, w->config, cfg_route_at(old, i));
        for (unsigned f = 0; marks && f < r->from_count; f++)
            forgiven[rt_source(r->from[f])] = true;
    }
    DL_FOREACH(w->sockets, s)
    if (forgiven && s->source < rt_source_count(old) && forgiven[s->source]) {
        forgive(s);
        for (const struct brk_assoc *a = s->assocs; a; a = a->hh.next)
            if (a->own)
                forgive(a->own);
    }
    free(forgiven);
}

void brk_room_adopt(struct brk_worker *w, struct brk_assoc *a)
{
    brk_queue_ask_again(&a->outbox.pending);
    brk_room_update(w, a);
}
