/* See moving.h. */
#include "broker/moving.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "broker/dest.h"
#include "broker/joining.h"
#include "routing/moves.h"
#include "routing/plan.h"
#include "routing/snapshot.h"

static bool widen(bool **list, unsigned had, unsigned count)
{
    bool *larger = reallocarray(*list, (size_t)count + 1, sizeof *larger);
    if (!larger)
        return false;
    memset(larger + had, 0, (count + 1 - had) * sizeof *larger);
    *list = larger;
    return true;
}

bool brk_moving_fit(struct brk_moving *v, unsigned groups)
{
    if (v->held && groups <= v->room)
        return true;
    if (!widen(&v->held, v->room, groups) || !widen(&v->from, v->room, groups) ||
        !widen(&v->to, v->room, groups))
        return false;
    v->room = groups;
    return true;
}

void brk_moving_free(struct brk_moving *v)
{
    free(v->held);
    free(v->from);
    free(v->to);
}

struct rt_members *brk_moving_members(const struct rt_plan *plan, struct brk_dest *dests)
{
    struct rt_members *m = rt_members_new(plan->config);
    struct brk_dest *d;
    DL_FOREACH(dests, d)
    {
        if (!m)
            break;
        for (unsigned holds = (unsigned)d->removed + d->asked; holds; holds--)
            rt_members_hold(m, &d->dest);
        if (!d->removed && !d->joins && !rt_members_add(m, &d->dest)) {
            rt_members_free(m);
            m = NULL;
        }
    }
    return m;
}

/* ---- who is awaited ------------------------------------------------------------------------------- */

static void await(struct brk_moving *v, struct brk_dest *d)
{
    v->awaited += !d->moved;
    d->moved = true;
}

static void done(struct brk_moving *v, struct brk_dest *d)
{
    v->awaited -= d->moved;
    d->moved = false;
}

void brk_moving_emptied(struct brk_moving *v, struct brk_dest *d)
{
    if (!d->lost)
        done(v, d);
}

void brk_moving_retired(struct brk_moving *v, struct brk_dest *d)
{
    done(v, d);
}

/* ---- a reload, or a change of shares --------------------------------------------------------------- */

struct beginning {
    struct brk_moving *moving;
    struct brk_joining *joining;
    struct rt_members *members;
};

static void ask(void *arg, struct rt_dest *former)
{
    struct beginning *b = arg;
    struct brk_dest *d = brk_dest_around(former);
    await(b->moving, d);
    if (!d->removed) /* else RETIRED follows */
        brk_joining_ask(b->joining, b->members, d);
}

void brk_moving_begin(struct brk_moving *v, const struct brk_moving_plans *p, struct brk_joining *j,
                      struct brk_dest *dests)
{
    struct beginning b = {v, j, p->is};
    struct brk_dest *d;
    memset(v->from, 0, v->room * sizeof *v->from);
    brk_joining_begin_again(j);
    v->pairs |= rt_moves_find(p->before, p->after, v->from, v->held);
    rt_moves_each(p->before, p->after, v->from, ask, &b);
    DL_FOREACH(dests, d)
    if (d->removed && rt_members_mark_groups(p->was, &d->dest, v->held))
        await(v, d);
    for (unsigned g = 0; g < p->after->group_count; g++)
        if (v->held[g])
            rt_members_hold_group(p->is, g);
}

void brk_moving_shift(struct brk_moving *v, const struct rt_snapshot *before, const struct rt_snapshot *after,
                      struct rt_members *members, struct brk_joining *j)
{
    struct beginning b = {v, j, members};
    memset(v->from, 0, v->room * sizeof *v->from);
    memset(v->to, 0, v->room * sizeof *v->to);
    rt_moves_find(before, after, v->from, v->to);
    rt_moves_each(before, after, v->from, ask, &b);
    for (unsigned g = 0; g < after->group_count; g++) {
        if (v->to[g] && !v->held[g])
            rt_members_hold_group(members, g);
        v->held[g] |= v->to[g];
    }
}

void brk_moving_go_on(struct brk_moving *v, struct rt_members *m)
{
    for (unsigned g = 0; !v->awaited && g < v->room; g++) {
        if (v->held[g])
            rt_members_release_group(m, g);
        v->held[g] = false;
    }
    v->pairs = v->pairs && v->awaited;
}
