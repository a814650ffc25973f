/* See eject.h. */
#include "broker/eject.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "broker/health.h"
#include "broker/log.h"
#include "broker/state.h"
#include "routing/plan.h"
#include "routing/snapshot.h"

/* ---- plans ---------------------------------------------------------------------------------------- */

static bool is_same(const struct brk_outlier *o, uint32_t group, struct cfg_member m)
{
    return o->group == group && cfg_same_member(o->member, m);
}

static const struct brk_outlier *find(const struct brk_eject *e, uint32_t group, struct cfg_member m)
{
    for (unsigned i = 0; i < e->count; i++)
        if (is_same(&e->list[i], group, m))
            return &e->list[i];
    return NULL;
}

static void add(struct brk_eject *e, const struct brk_eject *before, const struct brk_broker *b,
                uint32_t group, struct cfg_member m)
{
    const struct brk_outlier *old = find(before, group, m);
    if (m.kind != CFG_MEMBER_PEER || find(e, group, m))
        return;
    e->list[e->count] = (struct brk_outlier){.group = group, .member = m};
    if (old)
        e->list[e->count] = *old;
    else
        e->list[e->count].seen = atomic_load_explicit(&brk_health(b, m.index)->failed, memory_order_relaxed);
    e->count++;
}

bool brk_eject_plan(struct brk_eject *e, const struct brk_eject *before, const struct brk_broker *b,
                    const struct cfg_config *c)
{
    size_t most = 0;
    for (unsigned g = 0; g < c->group_count; g++)
        most += c->groups[g].eject.failures ? c->groups[g].member_count : 0;
    *e = (struct brk_eject){.list = calloc(most + 1, sizeof *e->list)};
    if (!e->list)
        return false;
    for (unsigned g = 0; g < c->group_count; g++)
        for (unsigned i = 0; c->groups[g].eject.failures && i < c->groups[g].member_count; i++)
            add(e, before, b, g, c->groups[g].members[i]);
    return true;
}

void brk_eject_apply(const struct brk_eject *e, struct rt_members *m, uint64_t now_ms)
{
    for (unsigned i = 0; i < e->count; i++)
        if (e->list[i].until_ms)
            rt_members_set_ejected(m, e->list[i].group, e->list[i].member, true, now_ms);
}

void brk_eject_free(struct brk_eject *e)
{
    free(e->list);
    *e = (struct brk_eject){0};
}

/* ---- failures ------------------------------------------------------------------------------------- */

/* Whether the group may lose one more. */
static bool may_lose(const struct brk_eject *e, const struct cfg_group *g, uint32_t group)
{
    unsigned out = 0;
    for (unsigned i = 0; i < e->count; i++)
        out += e->list[i].group == group && e->list[i].until_ms;
    return (uint64_t)(out + 1) * 100 <= (uint64_t)g->eject.most * g->member_count;
}

/* When the n-th last one came, from 1. */
static uint64_t nth_last(const struct brk_outlier *o, unsigned n)
{
    return o->times_ms[(o->next - n) % CFG_EJECT_FAILURES_MAX];
}

/* Whether enough have come in time, the new ones included. */
static bool take_in(struct brk_outlier *o, const struct brk_broker *b, const struct cfg_eject *limit,
                    uint64_t now_ms)
{
    unsigned failed = atomic_load_explicit(&brk_health(b, o->member.index)->failed, memory_order_relaxed);
    if (failed == o->seen)
        return false;
    unsigned more = failed - o->seen;
    for (; more && o->counted + more > CFG_EJECT_FAILURES_MAX && o->counted; o->counted--)
        ; /* the oldest make room */
    for (more = more < CFG_EJECT_FAILURES_MAX ? more : CFG_EJECT_FAILURES_MAX; more; more--, o->counted++)
        o->times_ms[o->next++ % CFG_EJECT_FAILURES_MAX] = now_ms;
    o->seen = failed;
    return o->counted >= limit->failures && now_ms - nth_last(o, limit->failures) <= limit->within_ms;
}

static void put_out(struct brk_outlier *o, struct brk_broker *b, struct rt_members *m,
                    const struct cfg_group *g, uint64_t now_ms)
{
    o->until_ms = now_ms + g->eject.for_ms;
    o->counted = 0;
    atomic_fetch_add_explicit(&brk_health(b, o->member.index)->ejected, 1, memory_order_relaxed);
    rt_members_set_ejected(m, o->group, o->member, true, now_ms);
    brk_log(CFG_LOG_WARNING, "member_ejected", "member=%s group=%s failures=%u within_ms=%u for_ms=%u",
            cfg_member_name(b->plan->config, o->member), g->name, g->eject.failures, g->eject.within_ms,
            g->eject.for_ms);
}

static void let_in(struct brk_outlier *o, const struct brk_broker *b, struct rt_members *m,
                   const struct cfg_group *g, uint64_t now_ms)
{
    o->until_ms = 0;
    rt_members_set_ejected(m, o->group, o->member, false, now_ms);
    brk_log(CFG_LOG_INFO, "member_back", "member=%s group=%s", cfg_member_name(b->plan->config, o->member),
            g->name);
}

bool brk_eject_turn(struct brk_eject *e, struct brk_broker *b, struct rt_members *m, uint64_t now_ms)
{
    bool changed = false;
    for (unsigned i = 0; i < e->count; i++) { /* they make room for others */
        struct brk_outlier *o = &e->list[i];
        bool back = o->until_ms && now_ms >= o->until_ms;
        if (back)
            let_in(o, b, m, &b->plan->config->groups[o->group], now_ms);
        changed |= back;
    }
    for (unsigned i = 0; i < e->count; i++) {
        struct brk_outlier *o = &e->list[i];
        const struct cfg_group *g = &b->plan->config->groups[o->group];
        bool out = take_in(o, b, &g->eject, now_ms) && !o->until_ms && may_lose(e, g, o->group);
        if (out)
            put_out(o, b, m, g, now_ms);
        changed |= out;
    }
    return changed;
}

uint64_t brk_eject_due_ms(const struct brk_eject *e)
{
    uint64_t due_ms = UINT64_MAX;
    for (unsigned i = 0; i < e->count; i++)
        if (e->list[i].until_ms && e->list[i].until_ms < due_ms)
            due_ms = e->list[i].until_ms;
    return due_ms;
}
