/* Group membership, kept by the control thread, and the snapshots made from it.
 *
 * Each group has seats, one for each destination that is up, ordered by its member's position in the
 * configuration and then by the time when it came up. The groups that a member belongs to are determined
 * once, as a list of places for each source number.
 *
 * A snapshot is one block of memory: the struct with its group pointers, then the groups one after the
 * other, each followed by its seeds if it uses stream hash. */
#include "routing/snapshot.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "routing/hash_priv.h"

struct seat {
    struct rt_dest *dest;
    uint32_t position; /* of its member in the group */
};

struct seats {
    struct seat *list;
    uint32_t count, room;
    uint32_t holds; /* removals not yet released */
};

/* The position of a member in a group. */
struct place {
    uint32_t group, position;
};

/* The places of one source number in rt_members.places. */
struct places {
    size_t first, count;
};

struct rt_members {
    const struct cfg_config *config;
    struct seats *groups;   /* by group index */
    uint32_t group_count;   /* for freeing without the configuration, which may have been freed */
    struct places *sources; /* by source number */
    struct place *places;
};

/* ---- membership ---- */

static size_t count_places(const struct cfg_config *c, struct places *sources, uint32_t source_count)
{
    for (uint32_t g = 0; g < c->group_count; g++)
        for (uint32_t i = 0; i < c->groups[g].member_count; i++)
            sources[rt_source(c->groups[g].members[i])].count++;
    size_t total = 0;
    for (uint32_t s = 0; s < source_count; s++) {
        sources[s].first = total;
        total += sources[s].count;
        sources[s].count = 0;
    }
    return total;
}

/* A member named twice in a group counts once, at its first position. */
static void fill_places(struct rt_members *m)
{
    const struct cfg_config *c = m->config;
    for (uint32_t g = 0; g < c->group_count; g++)
        for (uint32_t i = 0; i < c->groups[g].member_count; i++) {
            struct places *s = &m->sources[rt_source(c->groups[g].members[i])];
            struct place *end = m->places + s->first + s->count;
            if (s->count && end[-1].group == g)
                continue;
            *end = (struct place){g, i};
            s->count++;
        }
}

struct rt_members *rt_members_new(const struct cfg_config *c)
{
    uint32_t source_count = rt_source_count(c);
    struct rt_members *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->config = c;
    m->group_count = c->group_count;
    m->groups = calloc(c->group_count + 1, sizeof *m->groups);
    m->sources = calloc(source_count + 1, sizeof *m->sources);
    if (m->groups && m->sources)
        m->places = calloc(count_places(c, m->sources, source_count) + 1, sizeof *m->places);
    if (!m->places) {
        rt_members_free(m);
        return NULL;
    }
    fill_places(m);
    return m;
}

void rt_members_free(struct rt_members *m)
{
    if (!m)
        return;
    if (m->groups)
        for (uint32_t g = 0; g < m->group_count; g++)
            free(m->groups[g].list);
    free(m->groups);
    free(m->sources);
    free(m->places);
    free(m);
}

static const struct place *places_of(const struct rt_members *m, const struct rt_dest *d, size_t *count)
{
    const struct places *s = &m->sources[rt_source(d->member)];
    *count = s->count;
    return m->places + s->first;
}

static bool make_room(struct seats *g)
{
    if (g->count < g->room)
        return true;
    uint32_t room = g->room ? g->room * 2 : 4;
    struct seat *list = reallocarray(g->list, room, sizeof *list);
    if (!list)
        return false;
    g->list = list;
    g->room = room;
    return true;
}

bool rt_members_add(struct rt_members *m, struct rt_dest *d)
{
    size_t count;
    const struct place *p = places_of(m, d, &count);
    for (size_t i = 0; i < count; i++)
        if (!make_room(&m->groups[p[i].group]))
            return false;
    for (size_t i = 0; i < count; i++) {
        struct seats *g = &m->groups[p[i].group];
        uint32_t at = g->count;
        while (at > 0 && g->list[at - 1].position > p[i].position)
            at--;
        memmove(g->list + at + 1, g->list + at, (g->count - at) * sizeof *g->list);
        g->list[at] = (struct seat){d, p[i].position};
        g->count++;
    }
    return true;
}

static bool by_stream(const struct cfg_group *config)
{
    return config->mode == CFG_LOADSHARE && config->share == CFG_STREAM_HASH;
}

static void leave(struct seats *g, const struct rt_dest *d)
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->list[i].dest == d) {
            g->count--;
            memmove(g->list + i, g->list + i + 1, (g->count - i) * sizeof *g->list);
            return;
        }
}

void rt_members_hold_group(struct rt_members *m, uint32_t group)
{
    m->groups[group].holds++;
}

void rt_members_release_group(struct rt_members *m, uint32_t group)
{
    assert(m->groups[group].holds > 0);
    m->groups[group].holds--;
}

void rt_members_remove(struct rt_members *m, struct rt_dest *d)
{
    size_t count;
    const struct place *p = places_of(m, d, &count);
    for (size_t i = 0; i < count; i++)
        leave(&m->groups[p[i].group], d);
    rt_members_hold(m, d);
}

void rt_members_hold(struct rt_members *m, const struct rt_dest *d)
{
    size_t count;
    const struct place *p = places_of(m, d, &count);
    for (size_t i = 0; i < count; i++)
        rt_members_hold_group(m, p[i].group);
}

void rt_members_release(struct rt_members *m, const struct rt_dest *d)
{
    size_t count;
    const struct place *p = places_of(m, d, &count);
    for (size_t i = 0; i < count; i++)
        rt_members_release_group(m, p[i].group);
}

bool rt_members_mark_groups(const struct rt_members *m, const struct rt_dest *d, bool *groups)
{
    size_t count;
    const struct place *p = places_of(m, d, &count);
    for (size_t i = 0; i < count; i++)
        groups[p[i].group] = true;
    return count > 0;
}

/* Whether a new destination at this position would get streams that others have. */
static bool takes_over(const struct rt_members *m, struct place at)
{
    const struct cfg_group *config = &m->config->groups[at.group];
    const struct seats *g = &m->groups[at.group];
    if (g->count == 0)
        return false;
    return config->mode == CFG_OVERRIDE ? at.position < g->list[0].position : by_stream(config);
}

bool rt_members_takes_over(const struct rt_members *m, const struct rt_dest *d)
{
    size_t count;
    const struct place *p = places_of(m, d, &count);
    for (size_t i = 0; i < count; i++)
        if (takes_over(m, p[i]))
            return true;
    return false;
}

void rt_members_each_beside(const struct rt_members *m, const struct rt_dest *d,
                            void (*tell)(void *arg, struct rt_dest *member), void *arg)
{
    size_t count;
    const struct place *p = places_of(m, d, &count);
    for (size_t i = 0; i < count; i++)
        for (uint32_t k = 0; takes_over(m, p[i]) && k < m->groups[p[i].group].count; k++)
            tell(arg, m->groups[p[i].group].list[k].dest);
}

/* ---- snapshots ---- */

static uint32_t active_count(const struct cfg_group *config, const struct seats *g)
{
    return config->mode == CFG_OVERRIDE && g->count > 1 ? 1 : g->count;
}

/* Rounds up to an alignment that suits every member of these structs, on 32-bit machines too. */
static size_t round_up(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static size_t seeds_offset(uint32_t count)
{
    return round_up(sizeof(struct rt_group) + count * sizeof(struct rt_dest *));
}

static size_t group_size(const struct cfg_group *config, uint32_t count)
{
    return seeds_offset(count) + (by_stream(config) ? count * sizeof(uint64_t) : 0);
}

/* An association to a peer gets the same seed each time it comes up; further associations of that peer get
 * others. Associations that a listener accepted are not successors of each other, so each has a seed of
 * its own. `twin`: how many of the same member come before it. */
static uint64_t seed_of(const struct rt_dest *d, uint32_t twin)
{
    return rt_seed(d->member, d->member.kind == CFG_MEMBER_PEER ? twin : (uintptr_t)d);
}

static void fill_seeds(uint64_t *seeds, const struct seat *list, uint32_t count)
{
    uint32_t twin = 0;
    for (uint32_t i = 0; i < count; i++) {
        twin = i > 0 && list[i].position == list[i - 1].position ? twin + 1 : 0;
        seeds[i] = seed_of(list[i].dest, twin);
    }
}

/* Constructs a group in group_size bytes of memory. */
static void fill_group(struct rt_group *out, const struct cfg_group *config, const struct seats *g)
{
    uint32_t count = active_count(config, g);
    *out =
        (struct rt_group){.mode = config->mode, .share = config->share, .held = g->holds > 0, .count = count};
    for (uint32_t i = 0; i < count; i++)
        out->dests[i] = g->list[i].dest;
    if (by_stream(config)) {
        uint64_t *seeds = (uint64_t *)(void *)((char *)out + seeds_offset(count));
        fill_seeds(seeds, g->list, count);
        out->seeds = seeds;
    }
}

struct rt_snapshot *rt_snapshot_build(const struct rt_members *m, const struct rt_plan *plan,
                                      uint64_t version)
{
    const struct cfg_config *c = m->config;
    size_t head = round_up(sizeof(struct rt_snapshot) + c->group_count * sizeof(struct rt_group *));
    size_t size = head;
    for (uint32_t g = 0; g < c->group_count; g++)
        size += group_size(&c->groups[g], active_count(&c->groups[g], &m->groups[g]));
    struct rt_snapshot *s = malloc(size);
    if (!s)
        return NULL;
    *s = (struct rt_snapshot){.version = version, .plan = plan, .group_count = c->group_count};
    char *at = (char *)s + head;
    for (uint32_t g = 0; g < c->group_count; g++) {
        s->groups[g] = (struct rt_group *)(void *)at;
        fill_group(s->groups[g], &c->groups[g], &m->groups[g]);
        at += group_size(&c->groups[g], s->groups[g]->count);
    }
    assert(at == (char *)s + size);
    return s;
}

void rt_snapshot_free(struct rt_snapshot *s)
{
    free(s);
}
