/* Group membership, kept by the control thread. Snapshots are made from it in snapshot_build.c.
 *
 * Each group lists the destinations that are up, ordered by their member's position in the configuration and
 * then by the time when they came up. The groups that a member belongs to are determined once, as a list of
 * places for each source number; those in groups with mapped routes are a list of their own, as other
 * associations are in them. */
#include "routing/members_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- membership ---- */

static size_t count_places(const struct cfg_config *c, struct places *sources, uint32_t source_count)
{
    for (uint32_t g = 0; g < c->group_count; g++)
        for (uint32_t i = 0; i < c->groups[g].member_count; i++)
            sources[members_list(c->groups[g].members[i], c->groups[g].mapped)].count++;
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
            struct places *s = &m->sources[members_list(c->groups[g].members[i], c->groups[g].mapped)];
            struct place *end = m->places + s->first + s->count;
            if (s->count && end[-1].group == g)
                continue;
            *end = (struct place){g, i};
            s->count++;
        }
}

static bool make_members(struct rt_members *m)
{
    const struct cfg_config *c = m->config;
    size_t total = 0;
    for (uint32_t g = 0; g < c->group_count; g++)
        total += c->groups[g].member_count;
    m->members = calloc(total + 1, sizeof *m->members);
    for (uint32_t g = c->group_count; m->members && g-- > 0;)
        m->groups[g].members = m->members + (total -= c->groups[g].member_count);
    return m->members != NULL;
}

struct rt_members *rt_members_new(const struct cfg_config *c)
{
    uint32_t source_count = 2 * rt_source_count(c);
    struct rt_members *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->config = c;
    m->group_count = c->group_count;
    m->groups = calloc(c->group_count + 1, sizeof *m->groups);
    m->sources = calloc(source_count + 1, sizeof *m->sources);
    if (m->groups && m->sources)
        m->places = calloc(count_places(c, m->sources, source_count) + 1, sizeof *m->places);
    if (!m->places || !make_members(m)) {
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
            free(m->groups[g].dests);
    free(m->groups);
    free(m->sources);
    free(m->places);
    free(m->members);
    free(m);
}

static const struct place *places_of(const struct rt_members *m, const struct rt_dest *d, size_t *count)
{
    const struct places *s = &m->sources[members_list(d->member, d->mapped)];
    *count = s->count;
    return m->places + s->first;
}

static bool make_room(struct group *g)
{
    if (g->count < g->room)
        return true;
    uint32_t room = g->room ? g->room * 2 : 4;
    struct group_dest *list = reallocarray(g->dests, room, sizeof *list);
    if (!list)
        return false;
    g->dests = list;
    g->room = room;
    return true;
}

/* Whether a group wants this one of its member's destinations. */
static bool fits(const struct cfg_group *g, const struct rt_dest *d)
{
    bool adaptation = !g->adaptation_count, remote = !g->remote_count;
    if (d->member.kind == CFG_MEMBER_PEER)
        return true;
    for (unsigned i = 0; i < g->adaptation_count && d->adapted; i++)
        adaptation |= g->adaptations[i] == d->adaptation;
    for (unsigned i = 0; i < g->remote_count; i++)
        remote |= net_prefix_covers(&g->remotes[i], &d->remote);
    return adaptation && remote && (d->authenticated || !g->authenticated);
}

/* make_room has been called. */
static void add_dest(struct rt_members *m, struct place at, struct rt_dest *d)
{
    struct group *g = &m->groups[at.group];
    uint32_t i = g->count;
    while (i > 0 && g->dests[i - 1].position > at.position)
        i--;
    memmove(g->dests + i + 1, g->dests + i, (g->count - i) * sizeof *g->dests);
    g->dests[i] = (struct group_dest){d, at.position, members_weight(m, at, d->up_ms, m->now_ms)};
    g->count++;
}

static bool make_rooms(struct rt_members *m, const struct place *p, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!make_room(&m->groups[p[i].group]))
            return false;
    return true;
}

bool rt_members_add(struct rt_members *m, struct rt_dest *d)
{
    size_t count;
    const struct place *p = places_of(m, d, &count);
    if (!make_rooms(m, p, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!fits(&m->config->groups[p[i].group], d))
            continue;
        add_dest(m, p[i], d);
        members_choose(m, p[i].group);
    }
    return true;
}

static void remove_dest(struct group *g, const struct rt_dest *d)
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->dests[i].dest == d) {
            g->count--;
            memmove(g->dests + i, g->dests + i + 1, (g->count - i) * sizeof *g->dests);
            return;
        }
}

bool rt_members_refit(struct rt_members *m, struct rt_dest *d)
{
    size_t count;
    const struct place *p = places_of(m, d, &count);
    if (!make_rooms(m, p, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool in = members_find(&m->groups[p[i].group], d) != NULL,
             wanted = fits(&m->config->groups[p[i].group], d);
        if (wanted && !in)
            add_dest(m, p[i], d);
        else if (in && !wanted)
            remove_dest(&m->groups[p[i].group], d);
    }
    return true;
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
    for (size_t i = 0; i < count; i++) {
        remove_dest(&m->groups[p[i].group], d);
        members_choose(m, p[i].group);
    }
    rt_members_hold(m, d);
}

void rt_members_replace(struct rt_members *m, const struct rt_dest *before, struct rt_dest *d)
{
    size_t count;
    const struct place *p = places_of(m, before, &count);
    for (size_t i = 0; i < count; i++) {
        struct group *g = &m->groups[p[i].group];
        for (uint32_t k = 0; k < g->count; k++)
            if (g->dests[k].dest == before)
                g->dests[k].dest = d;
        if (g->active == before)
            g->active = d;
    }
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

/* Whether somebody in the group has streams. */
static bool is_served(const struct group *g)
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->dests[i].weight)
            return true;
    return false;
}

/* Whether a new destination at this position would get streams that others have. */
static bool takes_over(const struct rt_members *m, const struct rt_dest *d, struct place at)
{
    const struct cfg_group *config = &m->config->groups[at.group];
    if (!fits(config, d) || !is_served(&m->groups[at.group]) || !members_weight(m, at, d->up_ms, m->now_ms))
        return false;
    return config->mode == CFG_OVERRIDE ? members_replaces(m, d, at) : is_hashed(config);
}

bool rt_members_takes_over(const struct rt_members *m, const struct rt_dest *d)
{
    size_t count;
    const struct place *p = places_of(m, d, &count);
    for (size_t i = 0; i < count; i++)
        if (takes_over(m, d, p[i]))
            return true;
    return false;
}

void rt_members_each_beside(const struct rt_members *m, const struct rt_dest *d,
                            void (*tell)(void *arg, struct rt_dest *member), void *arg)
{
    size_t count;
    const struct place *p = places_of(m, d, &count);
    for (size_t i = 0; i < count; i++)
        for (uint32_t k = 0; takes_over(m, d, p[i]) && k < m->groups[p[i].group].count; k++)
            if (m->groups[p[i].group].dests[k].weight)
                tell(arg, m->groups[p[i].group].dests[k].dest);
}
