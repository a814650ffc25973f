/* See moves.h. */
#include "routing/moves.h"

#include <string.h>

#include "routing/table.h"

/* ---- from one group to another ---- */

struct finding {
    const struct cfg_route *before, *after; /* by id */
    bool *from, *to;
    bool pairs; /* streams leave for paired sessions */
};

static void compare_routes(void *arg, uint32_t before, uint32_t after)
{
    struct finding *f = arg;
    if (before == RT_NO_ROUTE || after == RT_NO_ROUTE)
        return;
    const struct cfg_route *was = &f->before[before], *is = &f->after[after];
    if (!cfg_uses_group(was->session))
        return;
    if (!cfg_uses_group(is->session))
        f->from[was->group] = f->pairs = true;
    else if (was->group != is->group)
        f->from[was->group] = f->to[is->group] = true;
}

/* ---- within a group ---- */

static bool has(const struct rt_group *g, const struct rt_dest *d)
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->dests[i] == d)
            return true;
    return false;
}

static bool same_members(const struct rt_group *a, const struct rt_group *b)
{
    return a->count == b->count && (!a->count || !memcmp(a->dests, b->dests, a->count * sizeof *a->dests));
}

/* Those of a hash; of the same members. */
static bool same_shares(const struct rt_group *a, const struct rt_group *b)
{
    return a->share == b->share && !a->weights == !b->weights &&
           (!a->weights || !memcmp(a->weights, b->weights, a->count * sizeof *a->weights));
}

static bool has_newcomer(const struct rt_group *before, const struct rt_group *after)
{
    for (uint32_t i = 0; i < after->count; i++)
        if (!has(before, after->dests[i]))
            return true;
    return false;
}

/* Which members lose streams to others: none, those that are no longer members, or all. An override group
 * contains only its active member, which has all streams. */
enum losers { NOBODY, THE_GONE, ALL };

static enum losers losers(const struct rt_group *before, const struct rt_group *after)
{
    if (before->mode == CFG_BROADCAST)
        return NOBODY;
    if (before->mode != after->mode || !before->seeds != !after->seeds)
        return ALL;
    if (before->mode == CFG_LOADSHARE && !before->seeds)
        return NOBODY;
    if (same_members(before, after))
        return !before->seeds || same_shares(before, after) ? NOBODY : ALL;
    if (before->seeds && (before->weights || after->weights || before->share != after->share))
        return ALL; /* shares may have changed, too */
    return has_newcomer(before, after) ? ALL : THE_GONE;
}

static bool loses(enum losers who, const struct rt_group *after, const struct rt_dest *d)
{
    return who == ALL || (who == THE_GONE && !has(after, d));
}

/* ---- both ---- */

bool rt_moves_find(const struct rt_snapshot *before, const struct rt_snapshot *after, bool *from, bool *to)
{
    struct finding f = {before->plan->config->routes, after->plan->config->routes, from, to, false};
    if (before->plan != after->plan)
        rt_table_compare(before->plan->table, after->plan->table, compare_routes, &f);
    for (uint32_t g = 0; g < before->group_count; g++) {
        enum losers who = losers(before->groups[g], after->groups[g]);
        for (uint32_t i = 0; i < before->groups[g]->count; i++)
            to[g] |= loses(who, after->groups[g], before->groups[g]->dests[i]);
    }
    return f.pairs;
}

void rt_moves_each(const struct rt_snapshot *before, const struct rt_snapshot *after, const bool *from,
                   void (*tell)(void *arg, struct rt_dest *d), void *arg)
{
    for (uint32_t g = 0; g < before->group_count; g++) {
        const struct rt_group *was = before->groups[g];
        enum losers who = losers(was, after->groups[g]);
        if (from[g] && was->mode != CFG_BROADCAST)
            who = ALL;
        for (uint32_t i = 0; i < was->count; i++)
            if (loses(who, after->groups[g], was->dests[i]))
                tell(arg, was->dests[i]);
    }
}
