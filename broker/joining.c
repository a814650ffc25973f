/* See joining.h. */
#include "broker/joining.h"

#include "broker/check.h"

void brk_joining_init(struct brk_joining *j)
{
    rt_batch_init(&j->waiting);
    rt_batch_init(&j->round);
    rt_batch_init(&j->ask);
    j->awaited = 0;
}

void brk_joining_up(struct brk_joining *j, struct rt_parcel *up)
{
    brk_dest_of(up->to)->joins = true;
    rt_batch_add(&j->waiting, up);
}

static void take_out(struct rt_batch *b, const struct brk_dest *d)
{
    struct rt_parcel *p;
    for (uint32_t n = b->count; n > 0 && (p = rt_batch_take(b)); n--)
        if (p->to != d)
            rt_batch_add(b, p);
}

void brk_joining_down(struct brk_joining *j, struct rt_members *m, struct brk_dest *d)
{
    if (d->joins)
        take_out(d->held ? &j->round : &j->waiting, d);
    if (d->held)
        rt_members_release(m, &d->dest);
    d->joins = d->held = false;
}

void brk_joining_emptied(struct brk_joining *j, struct rt_members *m, struct brk_dest *d)
{
    d->asked = false;
    rt_members_release(m, &d->dest);
    j->awaited--;
}

void brk_joining_ask(struct brk_joining *j, struct rt_members *m, struct brk_dest *d)
{
    if (d->asked)
        return;
    d->asked = true;
    rt_members_hold(m, &d->dest);
    rt_batch_add(&j->ask, &d->empty);
    j->awaited++;
}

void brk_joining_begin_again(struct brk_joining *j)
{
    struct rt_parcel *p;
    struct rt_batch waiting;
    rt_batch_init(&waiting);
    while ((p = rt_batch_take(&j->round))) {
        brk_dest_of(p->to)->held = false;
        rt_batch_add(&waiting, p);
    }
    rt_batch_append(&waiting, &j->waiting);
    rt_batch_append(&j->waiting, &waiting);
}

struct asking {
    struct brk_joining *j;
    struct rt_members *m;
};

static void ask(void *arg, struct rt_dest *member)
{
    struct asking *a = arg;
    brk_joining_ask(a->j, a->m, brk_dest_around(member));
}

static void join(struct rt_members *m, struct brk_dest *d, brk_joined *joined, void *arg)
{
    if (d->held)
        rt_members_release(m, &d->dest);
    d->joins = d->held = false;
    joined(arg, d, rt_members_add(m, &d->dest));
}

void brk_joining_go_on(struct brk_joining *j, struct rt_members *m, brk_joined *joined, void *arg)
{
    struct asking asking = {j, m};
    struct rt_parcel *p;
    if (j->awaited)
        return;
    while ((p = rt_batch_take(&j->round)))
        join(m, brk_dest_of(p->to), joined, arg);
    while ((p = rt_batch_take(&j->waiting))) {
        struct brk_dest *d = brk_dest_of(p->to);
        if (!rt_members_takes_over(m, &d->dest)) {
            join(m, d, joined, arg);
            continue;
        }
        d->held = true;
        rt_members_hold(m, &d->dest);
        rt_batch_add(&j->round, p);
        rt_members_each_beside(m, &d->dest, ask, &asking);
    }
}
