/* Snapshots made from the membership.
 *
 * A snapshot is one block of memory: the struct with its group pointers, then the groups one after the
 * other, each followed by the arrays that its way of picking needs. */
#include <assert.h>
#include <stdlib.h>

#include "routing/hash_priv.h"
#include "routing/members_priv.h"
#include "routing/turns_priv.h"

/* What a group needs, in order. */
struct layout {
    uint32_t count; /* of destinations */
    bool hashed;    /* a seed for each */
    bool uneven;    /* their weights differ */
    bool choosy;    /* not all members are alike for the clients of paired sessions: a weight for each */
    uint32_t members;
    bool turns;   /* for a weighted round robin: the end of each one's share */
    uint64_t sum; /* of the weights */
};

/* Rounds up to an alignment that suits every member of these structs, on 32-bit machines too. */
static size_t round_up(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static uint32_t weight_for_clients(const struct rt_members *m, uint32_t group, uint32_t position)
{
    return members_weight(m, (struct place){group, position}, 0, m->now_ms);
}

static bool is_choosy(const struct rt_members *m, uint32_t group)
{
    uint32_t first = weight_for_clients(m, group, 0);
    for (uint32_t i = 0; i < m->config->groups[group].member_count; i++) {
        uint32_t weight = weight_for_clients(m, group, i);
        if (!weight || weight != first)
            return true;
    }
    return false;
}

static struct layout layout_of(const struct rt_members *m, uint32_t group)
{
    const struct cfg_group *config = &m->config->groups[group];
    const struct group *g = &m->groups[group];
    struct layout l = {.hashed = is_hashed(config), .members = config->member_count};
    uint32_t first = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        uint32_t weight = g->dests[i].weight;
        if (!weight)
            continue;
        first = first ? first : weight;
        l.uneven |= weight != first;
        l.sum += weight;
        l.count++;
    }
    if (config->mode == CFG_OVERRIDE)
        l.count = g->active != NULL;
    l.choosy = config->member_count && is_choosy(m, group);
    l.turns = l.uneven && config->mode == CFG_LOADSHARE && !l.hashed;
    return l;
}

static size_t seeds_offset(const struct layout *l)
{
    return round_up(sizeof(struct rt_group) + l->count * sizeof(struct rt_dest *));
}

static size_t weights_offset(const struct layout *l)
{
    return seeds_offset(l) + (l->hashed ? l->count * sizeof(uint64_t) : 0);
}

static size_t turns_offset(const struct layout *l)
{
    return round_up(weights_offset(l) + (l->uneven ? l->count * sizeof(uint32_t) : 0));
}

static size_t members_offset(const struct layout *l)
{
    return turns_offset(l) + (l->turns ? l->count * sizeof(uint32_t) : 0);
}

static size_t group_size(const struct layout *l)
{
    return round_up(members_offset(l) + (l->choosy ? l->members * sizeof(uint32_t) : 0));
}

/* ---- seeds, weights, turns ------------------------------------------------------------------------ */

/* An association to a peer gets the same seed each time it comes up; further associations of that peer get
 * others. Associations that a listener accepted are not successors of each other, so each has a seed of
 * its own. `twin`: how many of the same member come before it. */
static uint64_t seed_of(const struct rt_dest *d, uint32_t twin)
{
    return rt_seed(d->member, d->member.kind == CFG_MEMBER_PEER ? twin : d->number);
}

static void fill_seeds(uint64_t *seeds, const struct group *g, uint32_t count)
{
    uint32_t twin = 0;
    for (uint32_t i = 0, k = 0; k < count; i++) {
        twin = i > 0 && g->dests[i].position == g->dests[i - 1].position ? twin + 1 : 0;
        if (g->dests[i].weight)
            seeds[k++] = seed_of(g->dests[i].dest, twin);
    }
}

static void fill_weights(uint32_t *weights, const struct group *g, const struct layout *l)
{
    for (uint32_t i = 0, k = 0; k < l->count; i++)
        if (g->dests[i].weight)
            weights[k++] = g->dests[i].weight;
}

static void fill_turns(uint32_t *turns, const uint32_t *weights, const struct layout *l)
{
    uint64_t upto = 0;
    for (uint32_t i = 0; i < l->count; i++)
        turns[i] = rt_turn_end(upto += weights[i], l->sum);
}

/* ---- groups --------------------------------------------------------------------------------------- */

static enum rt_pick pick_of(const struct cfg_group *config, const struct layout *l)
{
    if (config->mode == CFG_OVERRIDE || l->count == 1)
        return RT_PICK_FIRST;
    if (l->hashed)
        return l->uneven ? RT_PICK_BY_WEIGHTED_HASH : RT_PICK_BY_HASH;
    if (config->share == CFG_LEAST_WAITING)
        return RT_PICK_LEAST;
    return l->turns ? RT_PICK_BY_TURNS : RT_PICK_IN_TURN;
}

/* Constructs a group in group_size bytes of memory. */
static void fill_group(struct rt_group *out, const struct rt_members *m, uint32_t group,
                       const struct layout *l)
{
    const struct cfg_group *config = &m->config->groups[group];
    const struct group *g = &m->groups[group];
    *out = (struct rt_group){.mode = config->mode,
                             .share = config->share,
                             .pick = pick_of(config, l),
                             .held = g->holds > 0,
                             .stream_mask = config->share == CFG_SOURCE_HASH ? 0 : UINT16_MAX,
                             .count = l->count};
    if (config->mode == CFG_OVERRIDE && l->count)
        out->dests[0] = g->active;
    for (uint32_t i = 0, k = 0; config->mode != CFG_OVERRIDE && k < l->count; i++)
        if (g->dests[i].weight)
            out->dests[k++] = g->dests[i].dest;
    uint64_t *seeds = (uint64_t *)(void *)((char *)out + seeds_offset(l));
    uint32_t *weights = (uint32_t *)(void *)((char *)out + weights_offset(l));
    uint32_t *turns = (uint32_t *)(void *)((char *)out + turns_offset(l));
    uint32_t *members = (uint32_t *)(void *)((char *)out + members_offset(l));
    if (l->hashed)
        fill_seeds(seeds, g, l->count);
    if (l->uneven)
        fill_weights(weights, g, l);
    if (l->turns)
        fill_turns(turns, weights, l);
    for (uint32_t i = 0; l->choosy && i < l->members; i++)
        members[i] = weight_for_clients(m, group, i);
    out->member_weights = l->choosy ? members : NULL;
    out->seeds = l->hashed ? seeds : NULL;
    out->weights = l->uneven ? weights : NULL;
    out->turns = l->turns ? turns : NULL;
}

struct rt_snapshot *rt_snapshot_build(const struct rt_members *m, const struct rt_plan *plan,
                                      uint64_t version)
{
    const struct cfg_config *c = m->config;
    size_t head = round_up(sizeof(struct rt_snapshot) + c->group_count * sizeof(struct rt_group *));
    size_t size = head;
    for (uint32_t g = 0; g < c->group_count; g++) {
        const struct layout l = layout_of(m, g);
        size += group_size(&l);
    }
    struct rt_snapshot *s = malloc(size);
    if (!s)
        return NULL;
    *s = (struct rt_snapshot){.version = version, .plan = plan, .group_count = c->group_count};
    char *at = (char *)s + head;
    for (uint32_t g = 0; g < c->group_count; g++) {
        const struct layout l = layout_of(m, g);
        s->groups[g] = (struct rt_group *)(void *)at;
        fill_group(s->groups[g], m, g, &l);
        at += group_size(&l);
    }
    assert(at == (char *)s + size);
    return s;
}

void rt_snapshot_free(struct rt_snapshot *s)
{
    free(s);
}
