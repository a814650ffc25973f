#include "config/unrouted_priv.h"

#include "config/read_keys_priv.h"
#include "config/read_refs_priv.h"

#define NAME "unrouted" /* of the route */

static bool is_member(const struct cfg_group *g, struct cfg_member m)
{
    for (unsigned i = 0; i < g->member_count; i++)
        if (cfg_same_member(g->members[i], m))
            return true;
    return false;
}

static void fill_sources(struct loader *l, struct cfg_route *r)
{
    const struct cfg_config *c = l->config;
    unsigned all = c->listener_count + c->peer_count;
    struct cfg_member *from = arena_array(l->keep, all, sizeof *from);
    for (unsigned i = 0; i < all; i++) {
        struct cfg_member m = i < c->listener_count
                                  ? (struct cfg_member){CFG_MEMBER_LISTENER, i}
                                  : (struct cfg_member){CFG_MEMBER_PEER, i - c->listener_count};
        if (!is_member(&c->groups[r->group], m))
            from[r->from_count++] = m;
    }
    r->from = from;
    if (!r->from_count)
        err_add(&l->errors, l->unrouted->at,
                "unrouted: '%s' has all listeners and peers as members, so that there is nobody else whose "
                "messages could go there; write drop, abort or another group",
                c->groups[r->group].name);
}

static void check_sessions(struct loader *l, const struct cfg_group *g)
{
    if (g->mapped)
        err_add(&l->errors, l->unrouted->at,
                "unrouted: what no route takes goes there in a shared session, but a route to '%s' is "
                "mapped, and what its members send would belong to both; write a second group of the same "
                "peers",
                g->name);
}

void add_unrouted(struct loader *l)
{
    struct cfg_config *c = l->config;
    struct cfg_route *r = (struct cfg_route *)&c->routes[c->route_count]; /* still ours to write */
    struct cfg_origin *o = &l->routes[c->route_count];
    const struct name_entry *holder = names_find(&l->route_names, NAME);

    *o = (struct cfg_origin){.at = l->unrouted->at, .any_source = true};
    read_defaults(CFG_ROUTES, r);
    r->name = r->identity = NAME;
    r->line = l->unrouted->at.line;
    r->session = CFG_SHARED;
    r->otherwise = true;
    c->route_count++;
    if (holder)
        err_add(&l->errors, holder->at,
                "name '" NAME "' is that of the route which broker.unrouted makes; write another");
    o->bad = !find_target(l, "unrouted", l->unrouted, &r->group) ||
             (r->group < l->group_count && l->groups[r->group].bad);
    if (o->bad)
        return;
    struct cfg_group *g = (struct cfg_group *)&c->groups[r->group];
    g->shared = true;
    check_sessions(l, g);
    fill_sources(l, r);
}
