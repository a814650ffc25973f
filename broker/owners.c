/* See owners.h. */
#include "broker/owners.h"

#include <stdlib.h>

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/dest.h"
#include "broker/handover.h"
#include "broker/state.h"
#include "routing/origin.h"
#include "routing/owners.h"
#include "routing/snapshot.h"

void brk_owners_init(struct brk_owners *o)
{
    *o = (struct brk_owners){0};
    rt_batch_init(&o->post);
}

static void remove_owner(struct brk_owners *o, struct brk_owner *e)
{
    DL_DELETE(o->all, e);
    o->count--;
    o->ended -= e->ended;
    free(e);
}

void brk_owners_free(struct brk_owners *o)
{
    struct brk_handover *h, *tmp;
    while (o->all)
        remove_owner(o, o->all);
    LL_FOREACH_SAFE(o->waiting, h, tmp)
    {
        for (unsigned i = 0; i < h->count; i++)
            free(h->handed[i].owner);
        free(h);
    }
    free(o->table);
    free(o->replaced);
}

bool brk_owners_busy(const struct brk_owners *o)
{
    return o->now;
}

/* ---- the list ------------------------------------------------------------------------------------- */

/* The table of what is listed, and of what is handed over by `h`, which goes before older entries. */
static struct rt_owners *table_with(const struct brk_owners *o, const struct brk_handover *h)
{
    struct rt_owners *t = rt_owners_new(o->count + h->count);
    uint32_t n = 0;
    if (!t)
        return NULL;
    for (const struct brk_owner *e = o->all; e; e = e->next) {
        bool again = false;
        for (unsigned i = 0; i < h->count; i++)
            again |= h->handed[i].origin == e->origin;
        if (!again)
            t->list[n++] = (struct rt_owner){e->origin, e->worker};
    }
    for (unsigned i = 0; i < h->count; i++)
        t->list[n++] = (struct rt_owner){h->handed[i].origin, h->to};
    t->count = n;
    rt_owners_sort(t);
    return t;
}

/* The last that ended stay. */
static void forget_oldest(struct brk_owners *o)
{
    struct brk_owner *e, *tmp;
    DL_FOREACH_SAFE(o->all, e, tmp)
    {
        if (o->ended <= BRK_OWNERS_KEPT)
            return;
        if (e->ended)
            remove_owner(o, e);
    }
}

void brk_owners_gone(struct brk_owners *o, struct brk_owner *gone)
{
    gone->ended = true;
    o->ended++;
    DL_DELETE(o->all, gone);
    DL_APPEND(o->all, gone);
    forget_oldest(o);
}

/* It has arrived: its new entry takes the place of an older one. With the worker with which it began it needs
 * none. */
static void list(struct brk_owners *o, struct brk_owner *new)
{
    struct brk_owner *e, *tmp;
    DL_FOREACH_SAFE(o->all, e, tmp)
    if (e->origin == new->origin)
        remove_owner(o, e);
    DL_APPEND(o->all, new);
    o->count++;
    if (rt_origin_worker(new->origin) == new->worker)
        remove_owner(o, new);
}

/* ---- steps ---------------------------------------------------------------------------------------- */

static void post(struct brk_owners *o, struct brk_handover *h, enum brk_handover_step step)
{
    h->step = step;
    rt_batch_add(&o->post, &h->parcel);
}

static void refuse(struct brk_owners *o, struct brk_handover *h, const char *why)
{
    h->refused = why;
    post(o, h, BRK_HANDOVER_FORGET);
}

static bool is_there(struct brk_dest *dests, const struct brk_dest *wanted)
{
    struct brk_dest *d;
    DL_FOREACH(dests, d)
    if (d == wanted)
        return true;
    return false;
}

/* Why a destination keeps its place for now. */
static const char *tied(const struct brk_handover *h, struct brk_dest *dests)
{
    for (unsigned i = 0; i < h->count; i++) {
        const struct brk_dest *d = h->handed[i].before;
        if (!d)
            continue;
        if (!is_there(dests, d) || d->removed)
            return "it has ended, or is about to";
        if (d->joins || d->asked || d->moved)
            return "a member of its groups comes or goes, which has to be over before";
    }
    return NULL;
}

void brk_owners_go_on(struct brk_owners *o, struct brk_dest *dests, const char *why_not)
{
    struct brk_handover *h = o->waiting;
    if (o->now || !h)
        return;
    LL_DELETE(o->waiting, h);
    o->now = h;
    const char *why = why_not ? why_not : tied(h, dests);
    if (why)
        refuse(o, h, why);
    else
        post(o, h, BRK_HANDOVER_EXPECT);
}

/* The next snapshot has the new owner. */
static void publish(struct brk_owners *o, struct brk_handover *h, struct rt_members *m,
                    struct brk_dest **dests)
{
    struct rt_owners *t = table_with(o, h);
    if (!t) {
        refuse(o, h, "out of memory");
        return;
    }
    o->replaced = o->table;
    o->table = t;
    for (unsigned i = 0; i < h->count; i++) {
        struct brk_dest *before = h->handed[i].before, *dest = h->handed[i].dest;
        if (!before)
            continue;
        dest->dest.up_ms = before->dest.up_ms;
        dest->dest.mapped = before->dest.mapped;
        dest->dest.remote = before->dest.remote;
        dest->dest.adapted = before->dest.adapted;
        dest->dest.adaptation = before->dest.adaptation;
        dest->told_sent = before->told_sent;
        rt_members_replace(m, &before->dest, &dest->dest);
        DL_REPLACE_ELEM(*dests, before, dest);
    }
    post(o, h, BRK_HANDOVER_LEAVE);
}

static void done(struct brk_owners *o, struct brk_handover *h)
{
    for (unsigned i = 0; i < h->count; i++) {
        if (h->refused) {
            free(h->handed[i].owner);
            continue;
        }
        free(h->handed[i].before);
        list(o, h->handed[i].owner);
    }
    o->now = NULL;
    free(h);
}

void brk_owners_take(struct brk_owners *o, struct brk_handover *h, struct rt_members *m,
                     struct brk_dest **dests)
{
    switch (h->step) {
    case BRK_HANDOVER_WANTED:
        LL_APPEND(o->waiting, h);
        break;
    case BRK_HANDOVER_PUBLISH:
        if (h->refused)
            post(o, h, BRK_HANDOVER_FORGET);
        else
            publish(o, h, m, dests);
        break;
    case BRK_HANDOVER_DONE:
        done(o, h);
        break;
    case BRK_HANDOVER_EXPECT:
    case BRK_HANDOVER_STOP:
    case BRK_HANDOVER_LEAVE:
    case BRK_HANDOVER_ARRIVE:
    case BRK_HANDOVER_FORGET:
        abort(); /* never sent to control */
    }
}

void brk_owners_post(struct brk_owners *o, struct brk_broker *b)
{
    struct rt_parcel *p;
    struct rt_batch one;
    rt_batch_init(&one);
    free(o->replaced);
    o->replaced = NULL;
    while ((p = rt_batch_take(&o->post))) {
        const struct brk_handover *h = brk_handover_of(p->to);
        unsigned to = h->step == BRK_HANDOVER_LEAVE ? h->from : h->to;
        rt_batch_add(&one, p);
        rt_inbox_post(&b->workers[to]->inbox, &one);
    }
}
