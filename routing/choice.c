/* See choice.h. */
#include "routing/choice.h"

#include "routing/hash_priv.h"
#include "routing/turns_priv.h"

static uint32_t weight_at(struct rt_choice c, unsigned i)
{
    return c.weights ? c.weights[i] : 1;
}

unsigned rt_choice_count(struct rt_choice c)
{
    unsigned count = 0;
    for (unsigned i = 0; i < c.group->member_count; i++)
        count += weight_at(c, i) != 0;
    return count;
}

static double cost_of(uint64_t client, unsigned peer, uint32_t share)
{
    return rt_cost(rt_weight(rt_mix(client), rt_seed((struct cfg_member){CFG_MEMBER_PEER, peer}, 0)), share);
}

/* The cheapest of the usable members (`usable` NULL: of all) that cost more than `above`. False: there is
 * none. */
static bool cheapest(struct rt_choice c, uint64_t client, double above, rt_usable *usable, void *arg,
                     unsigned *best)
{
    bool found = false;
    double least = 0;
    for (unsigned i = 0; i < c.group->member_count; i++) {
        unsigned peer = c.group->members[i].index;
        if (!weight_at(c, i))
            continue;
        double cost = cost_of(client, peer, weight_at(c, i));
        if (cost <= above || (found && cost >= least) || (usable && !usable(arg, peer)))
            continue;
        found = true;
        *best = peer;
        least = cost;
    }
    return found;
}

static double cost_of_member(struct rt_choice c, uint64_t client, unsigned peer)
{
    for (unsigned i = 0; i < c.group->member_count; i++)
        if (c.group->members[i].index == peer && weight_at(c, i))
            return cost_of(client, peer, weight_at(c, i));
    return cost_of(client, peer, 1);
}

static bool takes_part(struct rt_choice c, unsigned i, rt_usable *usable, void *arg)
{
    return weight_at(c, i) && (!usable || usable(arg, c.group->members[i].index));
}

/* The sum of the weights of the usable members. *even: the weight of each, or 0 where they differ. */
static uint64_t total_of(struct rt_choice c, rt_usable *usable, void *arg, uint32_t *even)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < c.group->member_count; i++) {
        uint32_t weight = weight_at(c, i);
        if (!takes_part(c, i, usable, arg))
            continue;
        *even = total == 0 || *even == weight ? weight : 0;
        total += weight;
    }
    return total;
}

/* The n-th of the usable members in turn, by their weights. */
static unsigned in_turn(struct rt_choice c, uint32_t n, rt_usable *usable, void *arg)
{
    uint32_t even;
    uint64_t total = total_of(c, usable, arg, &even);
    if (!total)
        total = total_of(c, usable = NULL, arg, &even);
    uint64_t place = even ? n % (total / even) * even : total * rt_turn_place(n) >> 32;
    for (unsigned i = 0; i < c.group->member_count; i++) {
        if (!takes_part(c, i, usable, arg))
            continue;
        if (place < weight_at(c, i))
            return c.group->members[i].index;
        place -= weight_at(c, i);
    }
    return RT_NO_PEER; /* not reached: place is less than total */
}

static unsigned first_as_written(struct rt_choice c, rt_usable *usable, void *arg)
{
    for (unsigned i = 0; i < c.group->member_count; i++)
        if (takes_part(c, i, usable, arg))
            return c.group->members[i].index;
    return usable ? first_as_written(c, NULL, arg) : RT_NO_PEER;
}

static unsigned next_as_written(struct rt_choice c, unsigned peer)
{
    unsigned count = c.group->member_count, i = 0;
    while (i < count && c.group->members[i].index != peer)
        i++;
    for (i = i < count ? i + 1 : 0; i < count; i++)
        if (weight_at(c, i))
            return c.group->members[i].index;
    unsigned first = first_as_written(c, NULL, NULL);
    return first == RT_NO_PEER ? peer : first;
}

unsigned rt_choice_first(struct rt_choice c, uint64_t client, struct rt_pick_state *turn, rt_usable *usable,
                         void *arg)
{
    unsigned first = RT_NO_PEER;
    if (!rt_choice_count(c))
        return RT_NO_PEER;
    if (c.group->mode == CFG_OVERRIDE)
        return first_as_written(c, usable, arg);
    if (c.group->share == CFG_ROUND_ROBIN || c.group->share == CFG_LEAST_WAITING)
        return in_turn(c, turn->next++, usable, arg);
    if (!cheapest(c, client, -1, usable, arg, &first))
        cheapest(c, client, -1, NULL, NULL, &first);
    return first;
}

unsigned rt_choice_next(struct rt_choice c, uint64_t client, unsigned peer)
{
    unsigned next = peer;
    if (c.group->mode == CFG_OVERRIDE)
        return next_as_written(c, peer);
    if (!cheapest(c, client, cost_of_member(c, client, peer), NULL, NULL, &next))
        cheapest(c, client, -1, NULL, NULL, &next);
    return next;
}
