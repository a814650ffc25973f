/* See hold_back.h. */
#include "broker/session/hold_back.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/dispatch.h"
#include "broker/parcel.h"
#include "broker/queue.h"
#include "broker/reliability.h"
#include "broker/sending.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "routing/plan.h"
#include "routing/snapshot.h"
#include "routing/table.h"

static void add(struct brk_worker *w, struct rt_parcel *p)
{
    brk_queue_add(&w->held_back, p);
    brk_wait_parked(w, p);
    w->pairs_wait = true;
}

void brk_held_back_adopt(struct brk_worker *w, struct brk_assoc *client)
{
    if (!w->snapshot->pairs_wait || !rt_role(w->former, client->socket->member)->to_groups ||
        rt_role(w->plan, client->socket->member)->paired_route == RT_NO_ROUTE)
        return;
    client->pair.waits = w->pairs_wait = true;
}

bool brk_held_back_parcel(struct brk_worker *w, struct rt_parcel *p)
{
    if (w->config->routes[p->route].session != CFG_PAIRED)
        return false;
    add(w, p);
    return true;
}

void brk_hold_back(struct brk_worker *w, struct brk_assoc *client, const struct tr_msg *m, uint32_t route)
{
    struct rt_parcel *p = brk_copy_to_parcel(w, client, m, route, BRK_CHARGED);
    if (p)
        add(w, p);
}

/* Of one client. */
static void take_from(struct brk_worker *w, uint64_t origin, struct brk_assoc *partner)
{
    struct brk_queue all = w->held_back;
    struct rt_parcel *p;
    w->held_back = (struct brk_queue){0};
    while ((p = brk_queue_take(&all)))
        if (p->message->origin == origin)
            brk_append(w, partner, p);
        else
            brk_queue_add(&w->held_back, p);
}

void brk_held_back_turn(struct brk_worker *w, void (*take)(struct brk_worker *w, struct rt_parcel *p),
                        void (*end)(struct brk_worker *w, struct brk_assoc *partner))
{
    struct brk_assoc *a, *next;
    struct rt_parcel *p;
    if (!w->pairs_wait || w->snapshot->pairs_wait)
        return;
    w->pairs_wait = false;
    DL_FOREACH_SAFE2(w->assocs, a, next, next_of_all)
    {
        if (a->pair.waits && a->session) {
            take_from(w, a->pair.chosen_for, a);
            end(w, a);
        }
        a->pair.waits = false;
    }
    while ((p = brk_queue_take(&w->held_back)))
        take(w, p);
}
