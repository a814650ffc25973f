/* See choice.h. */
#include "routing/choice.h"

#include "routing/hash_priv.h"

/* No two peers have the same weight, because the mixer is one to one. */
static uint64_t weight_of(uint64_t client, unsigned peer)
{
    return rt_weight(rt_mix(client), rt_seed((struct cfg_member){CFG_MEMBER_PEER, peer}, 0));
}

/* The heaviest of the usable members (`usable` NULL: of all) that are lighter than `below` (NULL: no
 * limit). False: there is none. */
static bool heaviest(const struct cfg_group *g, uint64_t client, const uint64_t *below, rt_usable *usable,
                     void *arg, unsigned *best)
{
    bool found = false;
    uint64_t most = 0;
    for (unsigned i = 0; i < g->member_count; i++) {
        unsigned peer = g->members[i].index;
        uint64_t weight = weight_of(client, peer);
        if ((below && weight >= *below) || (found && weight <= most) || (usable && !usable(arg, peer)))
            continue;
        found = true;
        *best = peer;
        most = weight;
    }
    return found;
}

/* The n-th of the usable members, modulo their number. */
static unsigned in_turn(const struct cfg_group *g, unsigned n, rt_usable *usable, void *arg)
{
    unsigned count = 0, i = 0;
    for (unsigned m = 0; m < g->member_count; m++)
        count += usable(arg, g->members[m].index);
    if (count == 0)
        return g->members[n % g->member_count].index;
    for (n %= count; i + 1 < g->member_count; i++)
        if (usable(arg, g->members[i].index) && n-- == 0)
            break;
    return g->members[i].index;
}

static unsigned first_as_written(const struct cfg_group *g, rt_usable *usable, void *arg)
{
    for (unsigned i = 0; i < g->member_count; i++)
        if (usable(arg, g->members[i].index))
            return g->members[i].index;
    return g->members[0].index;
}

static unsigned next_as_written(const struct cfg_group *g, unsigned peer)
{
    unsigned i = 0;
    while (i < g->member_count && g->members[i].index != peer)
        i++;
    return g->members[i + 1 < g->member_count ? i + 1 : 0].index;
}

unsigned rt_choice_first(const struct cfg_group *g, uint64_t client, struct rt_pick_state *turn,
                         rt_usable *usable, void *arg)
{
    unsigned first = 0;
    if (g->mode == CFG_OVERRIDE)
        return first_as_written(g, usable, arg);
    if (g->share == CFG_ROUND_ROBIN)
        return in_turn(g, turn->next++, usable, arg);
    if (!heaviest(g, client, NULL, usable, arg, &first))
        heaviest(g, client, NULL, NULL, NULL, &first);
    return first;
}

unsigned rt_choice_next(const struct cfg_group *g, uint64_t client, unsigned peer)
{
    unsigned next = peer;
    uint64_t below = weight_of(client, peer);
    if (g->mode == CFG_OVERRIDE)
        return next_as_written(g, peer);
    if (!heaviest(g, client, &below, NULL, NULL, &next))
        heaviest(g, client, NULL, NULL, NULL, &next);
    return next;
}
