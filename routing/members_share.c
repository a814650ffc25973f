/* The shares of members that are up, and how they change with time.
 *
 * Loadshare: by weight. Where the group has a slow start, a member begins with a sixteenth of its share and
 * gets the rest in sixteen steps. With a hash each step moves streams, for which the group waits until what
 * is under way has been acknowledged; so there are four steps.
 *
 * Override: the first that is up gets everything. When an earlier one comes back it has to be up for
 * return_after before it takes its place again. If the active one is lost meanwhile nobody waits.
 *
 * What depends on time changes in rt_members_settle only, so that the caller, which publishes, decides when.
 */
#include <stdlib.h>

#include "routing/members_priv.h"
#include "routing/table.h"

static uint32_t written_weight(const struct cfg_config *c, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? c->listeners[m.index].weight : c->peers[m.index].weight;
}

static unsigned steps_of(const struct cfg_group *g)
{
    return is_hashed(g) ? 4 : RT_WEIGHT_PARTS;
}

/* When a slow start of a destination began, or for clients of sessions that of their member. */
static uint64_t begun_ms(const struct rt_members *m, struct place at, uint64_t up_ms)
{
    uint64_t since_ms = m->groups[at.group].members[at.position].since_ms;
    return up_ms > since_ms ? up_ms : since_ms;
}

/* How many of its steps are over; all where there is none. */
static unsigned step_at(const struct cfg_group *g, uint64_t begun_ms, uint64_t now_ms)
{
    uint64_t past_ms = now_ms > begun_ms ? now_ms - begun_ms : 0;
    if (!g->slow_start_ms || !begun_ms || past_ms >= g->slow_start_ms)
        return steps_of(g);
    return (unsigned)(past_ms * steps_of(g) / g->slow_start_ms);
}

uint32_t members_weight(const struct rt_members *m, struct place at, uint64_t up_ms, uint64_t now_ms)
{
    const struct cfg_group *g = &m->config->groups[at.group];
    const struct group_member *known = &m->groups[at.group].members[at.position];
    if (known->out || known->ejected)
        return 0;
    if (g->mode != CFG_LOADSHARE)
        return 1;
    unsigned step = step_at(g, begun_ms(m, at, up_ms), now_ms);
    return written_weight(m->config, g->members[at.position]) *
           (step ? step * RT_WEIGHT_PARTS / steps_of(g) : 1);
}

/* ---- override ------------------------------------------------------------------------------------- */

const struct group_dest *members_find(const struct group *g, const struct rt_dest *d)
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->dests[i].dest == d)
            return &g->dests[i];
    return NULL;
}

bool members_replaces(const struct rt_members *m, const struct rt_dest *d, struct place at)
{
    const struct cfg_group *config = &m->config->groups[at.group];
    const struct group *g = &m->groups[at.group];
    const struct group_dest *active = members_find(g, g->active);
    if (at.position >= active->position || config->return_after_ms == CFG_NEVER)
        return false;
    return !config->return_after_ms || m->now_ms >= begun_ms(m, at, d->up_ms) + config->return_after_ms;
}

void members_choose(struct rt_members *m, uint32_t group)
{
    struct group *g = &m->groups[group];
    if (m->config->groups[group].mode != CFG_OVERRIDE)
        return;
    const struct group_dest *active = members_find(g, g->active);
    if (!active || !active->weight)
        g->active = NULL;
    for (uint32_t i = 0; i < g->count; i++) {
        const struct group_dest *one = &g->dests[i];
        if (one->weight &&
            (!g->active || members_replaces(m, one->dest, (struct place){group, one->position})))
            g->active = one->dest;
        if (g->active == one->dest)
            return;
    }
}

/* ---- members that are taken out, and time ---------------------------------------------------------- */

static void set_out(struct rt_members *m, const struct places *s, bool out, uint64_t now_ms)
{
    for (size_t i = s->first; i < s->first + s->count; i++) {
        struct group_member *known = &m->groups[m->places[i].group].members[m->places[i].position];
        if (known->out && !out)
            known->since_ms = now_ms;
        known->out = out;
    }
}

void rt_members_set_out(struct rt_members *m, struct cfg_member member, bool out, uint64_t now_ms)
{
    set_out(m, &m->sources[members_list(member, false)], out, now_ms);
    set_out(m, &m->sources[members_list(member, true)], out, now_ms);
}

void rt_members_set_ejected(struct rt_members *m, uint32_t group, struct cfg_member member, bool ejected,
                            uint64_t now_ms)
{
    const struct cfg_group *g = &m->config->groups[group];
    for (uint32_t i = 0; i < g->member_count; i++) {
        struct group_member *known = &m->groups[group].members[i];
        if (!cfg_same_member(g->members[i], member))
            continue;
        if (known->ejected && !ejected)
            known->since_ms = now_ms;
        known->ejected = ejected;
    }
}

void rt_members_settle(struct rt_members *m, uint64_t now_ms)
{
    m->now_ms = now_ms;
    for (uint32_t g = 0; g < m->group_count; g++) {
        for (uint32_t i = 0; i < m->groups[g].count; i++) {
            struct group_dest *one = &m->groups[g].dests[i];
            one->weight = members_weight(m, (struct place){g, one->position}, one->dest->up_ms, now_ms);
        }
        members_choose(m, g);
    }
}

static void sooner(uint64_t *next_ms, uint64_t when_ms)
{
    if (when_ms < *next_ms)
        *next_ms = when_ms;
}

/* When the next step of a slow start is due that began then. */
static void due_step(const struct cfg_group *g, uint64_t begun_ms, uint64_t now_ms, uint64_t *next_ms)
{
    unsigned step = step_at(g, begun_ms, now_ms), steps = steps_of(g);
    if (g->mode == CFG_LOADSHARE && step < steps)
        sooner(next_ms, begun_ms + ((uint64_t)(step + 1) * g->slow_start_ms + steps - 1) / steps);
}

static void due_return(const struct rt_members *m, uint32_t group, const struct group_dest *one,
                       uint64_t *next_ms)
{
    const struct cfg_group *config = &m->config->groups[group];
    const struct group_dest *active = members_find(&m->groups[group], m->groups[group].active);
    if (config->mode == CFG_OVERRIDE && active && one->weight && one->position < active->position &&
        config->return_after_ms != CFG_NEVER)
        sooner(next_ms,
               begun_ms(m, (struct place){group, one->position}, one->dest->up_ms) + config->return_after_ms);
}

uint64_t rt_members_due_ms(const struct rt_members *m)
{
    uint64_t next_ms = UINT64_MAX;
    for (uint32_t g = 0; g < m->group_count; g++) {
        const struct cfg_group *config = &m->config->groups[g];
        if (!config->slow_start_ms && !config->return_after_ms)
            continue;
        for (uint32_t i = 0; i < m->groups[g].count; i++) {
            const struct group_dest *one = &m->groups[g].dests[i];
            const struct place at = {g, one->position};
            due_step(config, begun_ms(m, at, one->dest->up_ms), m->now_ms, &next_ms);
            due_return(m, g, one, &next_ms);
        }
        for (uint32_t i = 0; i < config->member_count; i++)
            due_step(config, m->groups[g].members[i].since_ms, m->now_ms, &next_ms);
    }
    return next_ms;
}

/* ---- another configuration ------------------------------------------------------------------------- */

/* What is known of a member does not depend on which group it is in. */
static const struct group_member *known_of(const struct rt_members *m, struct cfg_member member)
{
    if (rt_source(member) >= rt_source_count(m->config))
        return NULL;
    const struct places *s = &m->sources[members_list(member, false)];
    if (!s->count)
        s = &m->sources[members_list(member, true)];
    const struct place *at = &m->places[s->first];
    return s->count ? &m->groups[at->group].members[at->position] : NULL;
}

void rt_members_follow(struct rt_members *m, const struct rt_members *old)
{
    for (uint32_t g = 0; g < m->group_count; g++) {
        const struct cfg_group *config = &m->config->groups[g];
        for (uint32_t i = 0; i < config->member_count; i++) {
            const struct group_member *before = known_of(old, config->members[i]);
            if (before)
                m->groups[g].members[i].since_ms = before->since_ms;
        }
        if (g < old->group_count && members_find(&m->groups[g], old->groups[g].active))
            m->groups[g].active = old->groups[g].active;
    }
    rt_members_settle(m, old->now_ms);
}
