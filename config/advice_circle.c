/* Circular back-pressure: a warning at the first route of a circle.
 *
 * A source is not read while its messages wait for a destination. If messages from that destination wait for
 * the source in turn, and neither reads before it can write, both are blocked forever. A ttl on one of the
 * routes prevents that, and so does a `stall` that aborts: by default that of a listener. Paired
 * sessions are left out: one that is blocked blocks no others.
 *
 * Circles are found by removing what is in none: those that wait for none of the rest, and those for which
 * none of the rest waits. What remains is in circles, or between two. */
#include "config/advice_circle_priv.h"

#include "config/origin_priv.h"

enum { ROUNDS_MAX = 64 }; /* a longer chain of routes is not followed to its end */

struct circle {
    const struct cfg_config *config;
    const struct loader *l;
    bool *left, *waits, *is_waited_for; /* by listeners, then peers */
};

static unsigned number(const struct cfg_config *c, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? m.index : c->listener_count + m.index;
}

/* `any` is left out: it includes peers that may not send at all. */
static bool can_hold(const struct circle *k, unsigned route)
{
    const struct cfg_route *r = &k->config->routes[route];
    return r->session == CFG_SHARED && r->pr_policy != OPT_PR_TTL && !k->l->routes[route].any_source;
}

static bool has_way_out(const struct cfg_config *c, struct cfg_member m)
{
    bool listens = m.kind == CFG_MEMBER_LISTENER;
    const struct cfg_stall *s = listens ? &c->listeners[m.index].stall : &c->peers[m.index].stall;
    return s->after_ms && (s->action == CFG_STALL_ABORT || (s->action == CFG_STALL_AUTO && listens));
}

/* The first remaining member of the route's group that can wait forever, or NULL. */
static const struct cfg_member *holder(const struct circle *k, const struct cfg_route *r)
{
    const struct cfg_group *g = &k->config->groups[r->group];
    for (unsigned i = 0; i < g->member_count; i++)
        if (k->left[number(k->config, g->members[i])] && !has_way_out(k->config, g->members[i]))
            return &g->members[i];
    return NULL;
}

static const struct cfg_member *held(const struct circle *k, const struct cfg_route *r)
{
    for (unsigned i = 0; i < r->from_count; i++)
        if (k->left[number(k->config, r->from[i])])
            return &r->from[i];
    return NULL;
}

static void mark(struct circle *k, const struct cfg_route *r)
{
    const struct cfg_group *g = &k->config->groups[r->group];
    bool any_held = held(k, r), any_holds = holder(k, r);
    for (unsigned i = 0; any_holds && i < r->from_count; i++)
        k->waits[number(k->config, r->from[i])] = true;
    for (unsigned i = 0; any_held && i < g->member_count; i++)
        if (!has_way_out(k->config, g->members[i]))
            k->is_waited_for[number(k->config, g->members[i])] = true;
}

/* Removes some; true if there were any. */
static bool take_away(struct circle *k, unsigned count)
{
    bool any = false;
    for (unsigned i = 0; i < count; i++)
        k->waits[i] = k->is_waited_for[i] = false;
    for (unsigned i = 0; i < k->config->route_count; i++)
        if (can_hold(k, i))
            mark(k, &k->config->routes[i]);
    for (unsigned i = 0; i < count; i++) {
        any |= k->left[i] && !(k->waits[i] && k->is_waited_for[i]);
        k->left[i] &= k->waits[i] && k->is_waited_for[i];
    }
    return any;
}

void advise_circles(struct loader *l)
{
    const struct cfg_config *c = l->config;
    unsigned count = c->listener_count + c->peer_count, rounds = 0;
    struct circle k = {c, l, arena_array(&l->scratch, count, sizeof(bool)),
                       arena_array(&l->scratch, count, sizeof(bool)),
                       arena_array(&l->scratch, count, sizeof(bool))};
    for (unsigned i = 0; i < count; i++)
        k.left[i] = true;
    while (take_away(&k, count))
        if (++rounds == ROUNDS_MAX)
            return;
    for (unsigned i = 0; i < c->route_count; i++) {
        const struct cfg_route *r = &c->routes[i];
        const struct cfg_member *from = held(&k, r), *to = holder(&k, r);
        if (!can_hold(&k, i) || !from || !to)
            continue;
        err_add(&l->warnings, origin_place(&l->routes[i], CFG_KEY_ROUTE_TO),
                "messages from '%s' can wait for '%s', and messages from that, through other routes, for "
                "'%s': if neither reads before it can write, both are blocked forever; write "
                "partial_reliability: {ttl: 5s}, or another time, in one of these routes",
                cfg_member_name(c, *from), cfg_member_name(c, *to), cfg_member_name(c, *from));
        return;
    }
}
