/* Groups and routes, each alone: what a session needs of its two sides.
 *
 * A paired session begins with an association that a client opens: Junctor then opens one of its own to the
 * chosen member, relays both ways, and ends one when the other ends. So its sources are listeners; its
 * members are peers, because an association cannot be opened to a client; and it has one member at a time, so
 * it cannot be broadcast.
 *
 * A mapped session begins with a client, too, so its sources are listeners. Its members are peers that
 * Junctor keeps an association to; a client's stream has its place on one of them, so nothing may be sent to
 * all, or to each in turn. What a member sends is an answer, and belongs to no route: so the members of one
 * group get either mapped or shared sessions.
 *
 * All other sessions are shared. */
#include "config/check_routes_priv.h"

#include <string.h>

#include "config/origin_priv.h"

/* The first member of this kind, or NULL. */
static const struct cfg_member *find_kind(const struct cfg_member *list, unsigned count,
                                          enum cfg_member_kind kind)
{
    for (unsigned i = 0; i < count; i++)
        if (list[i].kind == kind)
            return &list[i];
    return NULL;
}

/* Among what only listeners have. */
static void check_choice(struct loader *l, const struct cfg_group *g, const struct cfg_origin *o)
{
    static const enum cfg_key keys[] = {CFG_KEY_GROUP_ADAPTATION, CFG_KEY_GROUP_REMOTE,
                                        CFG_KEY_GROUP_AUTHENTICATED};
    const unsigned counts[] = {g->adaptation_count, g->remote_count, g->authenticated};
    for (unsigned i = 0; i < 3; i++)
        if (!o->bad && counts[i] && !find_kind(g->members, g->member_count, CFG_MEMBER_LISTENER))
            err_add(&l->errors, origin_place(o, keys[i]),
                    "%s: it chooses among the associations of listeners, and no member is one; leave it out",
                    cfg_key_rows[keys[i]].name);
}

/* Else nobody would ever be in it. */
static void check_authenticated(struct loader *l, const struct cfg_group *g, const struct cfg_origin *o)
{
    for (unsigned i = 0; g->authenticated && !o->bad && i < g->member_count; i++) {
        const struct cfg_listener *of = &l->config->listeners[g->members[i].index];
        if (g->members[i].kind == CFG_MEMBER_LISTENER && !opt_num(&of->sctp, OPTF_AUTH_CHUNKS, 0))
            err_add(&l->errors, origin_place(o, CFG_KEY_GROUP_AUTHENTICATED),
                    "authenticated: listener '%s' asks for no authentication; write `auth_chunks: [sack]` or "
                    "more there",
                    of->name);
    }
}

/* Percent of what nobody can be. */
static void advise_eject(struct loader *l, const struct cfg_group *g, const struct cfg_origin *o)
{
    if (!o->bad && g->eject.failures && (uint64_t)g->eject.most * g->member_count < 100)
        err_add(&l->warnings, origin_place(o, CFG_KEY_GROUP_EJECT_FAILURES),
                "eject: %u percent of %u members is less than one, so that nobody is ever ejected; write "
                "`most: %u` "
                "or more",
                g->eject.most, g->member_count, (100 + g->member_count - 1) / g->member_count);
}

/* What is written beside `mode: broadcast` means nothing, whatever its value. */
static void check_hold(struct loader *l, const struct cfg_group *g, const struct cfg_origin *o)
{
    for (enum cfg_key k = CFG_KEY_GROUP_HOLD_MESSAGES; k <= CFG_KEY_GROUP_HOLD_TIME; k++)
        if (!o->bad && origin_has(o, k) && g->mode == CFG_BROADCAST)
            err_add(&l->errors, origin_place(o, k),
                    "%s: what nobody receives is not held with mode broadcast, but dropped; leave `hold` out",
                    cfg_key_rows[k].name);
}

void check_group(struct loader *l, unsigned index)
{
    const struct cfg_group *g = &l->config->groups[index];
    const struct cfg_origin *o = &l->groups[index];
    check_hold(l, g, o);
    check_authenticated(l, g, o);
    if (!o->bad && origin_has(o, CFG_KEY_GROUP_SHARE) && g->mode != CFG_LOADSHARE)
        err_add(&l->errors, origin_place(o, CFG_KEY_GROUP_SHARE),
                "share: only mode loadshare distributes messages; leave `share` out");
    if (!o->bad && origin_has(o, CFG_KEY_GROUP_SLOW_START) && g->mode != CFG_LOADSHARE)
        err_add(&l->errors, origin_place(o, CFG_KEY_GROUP_SLOW_START),
                "slow_start: only mode loadshare gives its members a share; leave `slow_start` out");
    if (!o->bad && origin_has(o, CFG_KEY_GROUP_RETURN_AFTER) && g->mode != CFG_OVERRIDE)
        err_add(&l->errors, origin_place(o, CFG_KEY_GROUP_RETURN_AFTER),
                "return_after: only mode override prefers a member; leave `return_after` out");
    check_choice(l, g, o);
    advise_eject(l, g, o);
}

static enum cfg_session natural_session(const struct loader *l, const struct cfg_route *r,
                                        const struct cfg_origin *o)
{
    const struct cfg_group *g = &l->config->groups[r->group];
    if (g->mode == CFG_BROADCAST || find_kind(g->members, g->member_count, CFG_MEMBER_LISTENER))
        return CFG_SHARED;
    if (o->any_source)
        return l->config->listener_count ? CFG_PAIRED : CFG_SHARED;
    return find_kind(r->from, r->from_count, CFG_MEMBER_PEER) ? CFG_SHARED : CFG_PAIRED;
}

static void check_paired(struct loader *l, const struct cfg_route *r, struct cfg_place at)
{
    const struct cfg_config *c = l->config;
    const struct cfg_group *g = &c->groups[r->group];
    const struct cfg_member *listener = find_kind(g->members, g->member_count, CFG_MEMBER_LISTENER);
    const struct cfg_member *peer = find_kind(r->from, r->from_count, CFG_MEMBER_PEER);
    if (listener)
        err_add(&l->errors, at,
                "session: paired opens an association for each client, which listener '%s' in '%s' cannot; "
                "write shared",
                cfg_member_name(c, *listener), g->name);
    else if (g->mode == CFG_BROADCAST)
        err_add(&l->errors, at, "session: paired has one partner, group '%s' is broadcast; write shared",
                g->name);
    else if (peer)
        err_add(&l->errors, at,
                "session: paired begins with a client's association, but '%s' in `from` is a peer; write a "
                "listener there, "
                "or session: shared",
                cfg_member_name(c, *peer));
}

/* Another member is to have room: there must be others at the same time. */
static void check_reroute(struct loader *l, const struct cfg_route *r, struct cfg_place at)
{
    const struct cfg_group *g = &l->config->groups[r->group];
    if (r->session == CFG_PAIRED)
        err_add(&l->errors, at,
                "when_full: reroute sends to another member, but in a paired session a client has one "
                "partner; write "
                "block, drop-newest or drop-oldest, or session: shared");
    else if (r->session == CFG_MAPPED)
        err_add(
            &l->errors, at,
            "when_full: reroute sends to another member, but a mapped session keeps each stream of a client "
            "on one; write block, drop-newest or drop-oldest, or session: shared");
    else if (g->mode == CFG_OVERRIDE)
        err_add(&l->errors, at,
                "when_full: reroute needs other members that are active, '%s' has mode override; write mode: "
                "loadshare "
                "there, or here block, drop-newest or drop-oldest",
                g->name);
    else if (g->mode == CFG_BROADCAST)
        err_add(&l->errors, at,
                "when_full: reroute makes no sense in '%s', mode broadcast, where every member gets a copy; "
                "write block, "
                "drop-newest or drop-oldest",
                g->name);
    else if (g->member_count == 1 && g->members[0].kind == CFG_MEMBER_PEER)
        err_add(&l->errors, at,
                "when_full: reroute needs another member, '%s' has one only; write block, drop-newest or "
                "drop-oldest",
                g->name);
}

static void check_mapped(struct loader *l, const struct cfg_route *r, struct cfg_place at)
{
    const struct cfg_config *c = l->config;
    const struct cfg_group *g = &c->groups[r->group];
    const struct cfg_member *listener = find_kind(g->members, g->member_count, CFG_MEMBER_LISTENER);
    const struct cfg_member *peer = find_kind(r->from, r->from_count, CFG_MEMBER_PEER);
    if (listener)
        err_add(
            &l->errors, at,
            "session: mapped opens an association to each member, which listener '%s' in '%s' cannot; write "
            "a peer there, or session: shared",
            cfg_member_name(c, *listener), g->name);
    else if (g->mode == CFG_BROADCAST)
        err_add(&l->errors, at,
                "session: mapped has one member for each stream of a client, group '%s' is broadcast; write "
                "shared",
                g->name);
    else if (g->mode == CFG_LOADSHARE && (g->share == CFG_ROUND_ROBIN || g->share == CFG_LEAST_WAITING) &&
             g->member_count > 1)
        err_add(
            &l->errors, at,
            "session: mapped keeps each stream of a client on one member, which group '%s' does not; write "
            "share: stream-hash or mode: override there",
            g->name);
    else if (r->set_stream.rule != CFG_SAME_STREAM)
        err_add(
            &l->errors, at,
            "session: mapped chooses the stream itself, so that answers find their clients; leave set_stream "
            "out, or write session: shared");
    else if (peer)
        err_add(
            &l->errors, at,
            "session: mapped returns what comes back to the clients of a listener, but '%s' in `from` is a "
            "peer; write a listener there, or session: shared",
            cfg_member_name(c, *peer));
}

/* All routes to a group whose members stand in it have the same kind of session. */
static void check_kinds(struct loader *l, const struct cfg_route *r, struct cfg_place at)
{
    struct cfg_group *g = (struct cfg_group *)&l->config->groups[r->group]; /* still ours to write */
    g->shared |= r->session == CFG_SHARED;
    g->mapped |= r->session == CFG_MAPPED;
    if (g->shared && g->mapped)
        err_add(&l->errors, at,
                "session: %s, but an earlier route to '%s' is %s, and what its members send would belong to "
                "both; write the same, or a second group of the same peers",
                cfg_session_name(r->session), g->name,
                cfg_session_name(r->session == CFG_SHARED ? CFG_MAPPED : CFG_SHARED));
}

/* Every listener, and with session shared every peer: the beginning of a list that all such routes share.
 */
static void fill_sources(struct loader *l, struct cfg_route *r, struct cfg_place at)
{
    const struct cfg_config *c = l->config;
    unsigned all = c->listener_count + c->peer_count;
    if (!l->everybody) {
        l->everybody = arena_array(l->keep, all, sizeof *l->everybody);
        for (unsigned i = 0; i < all; i++)
            l->everybody[i] = i < c->listener_count
                                  ? (struct cfg_member){CFG_MEMBER_LISTENER, i}
                                  : (struct cfg_member){CFG_MEMBER_PEER, i - c->listener_count};
    }
    r->from = l->everybody;
    r->from_count = r->session == CFG_SHARED ? all : c->listener_count;
    if (r->from_count == 0)
        err_add(&l->errors, at, "session: %s takes messages from listeners, and there is none; write shared",
                cfg_session_name(r->session));
}

/* Which of the three partial reliability policies a route has. */
static void settle_reliability(struct loader *l, struct cfg_route *r, const struct cfg_origin *o)
{
    static const struct {
        enum cfg_key key;
        enum opt_prinfo policy;
    } ways[] = {{CFG_KEY_ROUTE_PR_TTL, OPT_PR_TTL},
                {CFG_KEY_ROUTE_PR_RTX, OPT_PR_RTX},
                {CFG_KEY_ROUTE_PR_PRIO, OPT_PR_PRIO}};
    r->pr_policy = OPT_PR_NONE;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        int64_t value = cfg_key_get(&cfg_key_rows[ways[i].key], r);
        if (value == CFG_ABSENT)
            continue;
        if (r->pr_policy != OPT_PR_NONE) {
            err_add(&l->errors, origin_place(o, ways[i].key),
                    "partial_reliability: ttl, rtx and prio exclude each other; write one of them");
            return;
        }
        r->pr_policy = ways[i].policy;
        r->pr_value = (uint32_t)value;
    }
}

/* Endpoints that give up messages must support it. */
static void check_reliability(struct loader *l, const struct cfg_route *r, struct cfg_place at)
{
    const struct cfg_config *c = l->config;
    const struct cfg_group *g = &c->groups[r->group];
    for (unsigned i = 0; i < g->member_count; i++) {
        struct cfg_member m = g->members[i];
        const struct opt_set *s =
            m.kind == CFG_MEMBER_LISTENER ? &c->listeners[m.index].sctp : &c->peers[m.index].sctp;
        if (!opt_num(s, OPTF_PR_SUPPORTED, true)) {
            err_add(&l->errors, at,
                    "partial_reliability needs pr_supported, which is false for '%s' in '%s'; write true "
                    "there, or leave partial_reliability out",
                    cfg_member_name(c, m), g->name);
            return;
        }
    }
}

void check_route(struct loader *l, unsigned index)
{
    struct cfg_route *r = (struct cfg_route *)&l->config->routes[index]; /* still ours to write */
    struct cfg_origin *o = &l->routes[index];
    unsigned before = l->errors.count;
    if (o->bad)
        return;
    settle_reliability(l, r, o);
    r->rewrites = r->set_ppid != CFG_ABSENT || r->set_stream.rule != CFG_SAME_STREAM;
    if (r->group < l->group_count && l->groups[r->group].bad) {
        o->bad =
            true; /* an error of its group has been reported; what the route needs of it cannot be checked */
        return;
    }
    if (r->pr_policy != OPT_PR_NONE)
        check_reliability(l, r,
                          origin_place(o, r->pr_policy == OPT_PR_TTL   ? CFG_KEY_ROUTE_PR_TTL
                                          : r->pr_policy == OPT_PR_RTX ? CFG_KEY_ROUTE_PR_RTX
                                                                       : CFG_KEY_ROUTE_PR_PRIO));
    o->any_source |= !origin_has(o, CFG_KEY_ROUTE_FROM);
    if (!origin_has(o, CFG_KEY_ROUTE_SESSION))
        r->session = natural_session(l, r, o);
    if (r->session == CFG_PAIRED)
        check_paired(l, r, origin_place(o, CFG_KEY_ROUTE_SESSION));
    else if (r->session == CFG_MAPPED)
        check_mapped(l, r, origin_place(o, CFG_KEY_ROUTE_SESSION));
    check_kinds(l, r, origin_place(o, CFG_KEY_ROUTE_SESSION));
    if (r->when_full == CFG_REROUTE)
        check_reroute(l, r, origin_place(o, CFG_KEY_ROUTE_WHEN_FULL));
    if (o->any_source)
        fill_sources(l, r, origin_place(o, CFG_KEY_ROUTE_SESSION));
    o->bad = l->errors.count != before;
}
