/* See sight_group.h. */
#include "broker/sight_group.h"

#include "routing/snapshot.h"

unsigned brk_sight_group(const struct brk_sight *s, unsigned group, bool *held)
{
    const struct rt_group *g = s->snapshot->groups[group];
    *held = g->held;
    return g->count;
}

struct cfg_member brk_sight_group_at(const struct brk_sight *s, unsigned group, unsigned place,
                                     unsigned *worker)
{
    const struct rt_dest *d = s->snapshot->groups[group]->dests[place];
    *worker = d->worker;
    return d->member;
}

/* What gets nothing although nobody has said so. */
bool brk_sight_ejected(const struct brk_observer *o, const struct brk_sight *s, unsigned group,
                       unsigned position)
{
    const struct cfg_group *g = &s->config->groups[group];
    const uint32_t *weights = s->snapshot->groups[group]->member_weights;
    struct cfg_member m = g->members[position];
    return g->eject.failures && m.kind == CFG_MEMBER_PEER && weights && !weights[position] &&
           brk_observer_state_of(o, m) == CFG_READY &&
           (g->mode != CFG_LOADSHARE || s->config->peers[m.index].weight);
}

static unsigned percent(uint32_t weight, uint32_t written)
{
    return written && weight ? (unsigned)((uint64_t)weight * 100 / ((uint64_t)written * RT_WEIGHT_PARTS))
                             : 100;
}

unsigned brk_sight_share(const struct brk_sight *s, unsigned group, unsigned position)
{
    const struct cfg_group *config = &s->config->groups[group];
    const struct rt_group *g = s->snapshot->groups[group];
    struct cfg_member m = config->members[position];
    uint32_t written =
        m.kind == CFG_MEMBER_PEER ? s->config->peers[m.index].weight : s->config->listeners[m.index].weight;
    if (config->mode != CFG_LOADSHARE || !config->slow_start_ms)
        return 100;
    unsigned least = g->member_weights ? percent(g->member_weights[position], written) : 100;
    for (uint32_t i = 0; g->weights && i < g->count; i++)
        if (cfg_same_member(g->dests[i]->member, m) && percent(g->weights[i], written) < least)
            least = percent(g->weights[i], written);
    return least;
}
