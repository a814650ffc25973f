/* Building a plan: the route table, and the role of each listener and peer. */
#include "routing/plan.h"

#include <stdlib.h>

static void add_sources(struct rt_plan *p, uint32_t route)
{
    const struct cfg_route *r = &p->config->routes[route];
    if (r->otherwise) /* takes from who is there anyway */
        return;
    for (unsigned f = 0; f < r->from_count; f++) {
        struct rt_role *role = &p->roles[rt_source(r->from[f])];
        role->source = true;
        role->standing |= r->from[f].kind == CFG_MEMBER_PEER;
        role->mapped |= r->session == CFG_MAPPED;
        role->to_groups |= cfg_uses_group(r->session);
        if (r->session == CFG_PAIRED && role->paired_route == RT_NO_ROUTE)
            role->paired_route = route;
        if (r->session == CFG_PAIRED && r->set_stream.rule == CFG_FIXED_STREAM &&
            r->set_stream.number >= role->paired_streams)
            role->paired_streams = (uint16_t)(r->set_stream.number + 1);
    }
}

static void add_destinations(struct rt_plan *p, uint32_t route)
{
    const struct cfg_route *r = &p->config->routes[route];
    const struct cfg_group *g = &p->config->groups[r->group];
    for (unsigned m = 0; cfg_uses_group(r->session) && m < g->member_count; m++) {
        struct rt_role *role = &p->roles[rt_source(g->members[m])];
        role->mapped |= r->session == CFG_MAPPED;
        if (r->session == CFG_MAPPED)
            continue;
        role->destination = true;
        role->standing |= g->members[m].kind == CFG_MEMBER_PEER;
    }
}

struct rt_plan *rt_plan_new(struct cfg_config *config, uint32_t generation)
{
    uint32_t sources = rt_source_count(config);
    struct rt_plan *p = calloc(1, sizeof *p);
    if (!p) {
        cfg_free(config);
        return NULL;
    }
    *p = (struct rt_plan){.generation = generation, .config = config, .table = rt_table_build(config)};
    p->roles = calloc(sources + 1, sizeof *p->roles);
    if (!p->table || !p->roles) {
        rt_plan_free(p);
        return NULL;
    }
    for (uint32_t s = 0; s < sources; s++)
        p->roles[s].paired_route = RT_NO_ROUTE;
    for (unsigned i = 0; i < cfg_ordered_routes(config); i++) {
        uint32_t route = cfg_route_at(config, i);
        add_sources(p, route);
        add_destinations(p, route);
        p->gives_up |= config->routes[route].pr_policy != OPT_PR_NONE;
        p->rewrites |= config->routes[route].rewrites;
    }
    for (unsigned i = 0; i < config->group_count; i++)
        p->ejects |= config->groups[i].eject.failures != 0;
    return p;
}

void rt_plan_free(struct rt_plan *p)
{
    if (!p)
        return;
    rt_table_free(p->table);
    free(p->roles);
    cfg_free((struct cfg_config *)p->config);
    free(p);
}
