/* Local ports of peers. There is at most one association between two addresses and ports (RFC 9260, 1.3). So
 * a fixed local port suits a standing association, but not paired sessions, which open one association for
 * each client, and not shared and mapped sessions at once, which have one each; and two peers with the same
 * local port must not have the same remote end. */
#include "config/check_ports_priv.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "config/origin_priv.h"

static void refuse_paired(struct loader *l, const struct cfg_route *r)
{
    const struct cfg_config *c = l->config;
    const struct cfg_group *g = &c->groups[r->group];
    for (unsigned i = 0; i < g->member_count; i++) {
        unsigned peer = g->members[i].index;
        if (g->members[i].kind == CFG_MEMBER_PEER && origin_has(&l->peers[peer], CFG_KEY_PEER_LOCAL_PORT))
            err_add(&l->errors, origin_place(&l->peers[peer], CFG_KEY_PEER_LOCAL_PORT),
                    "local_port: the paired sessions of the route in line %u open an association to '%s' for "
                    "each "
                    "client, and only one can use local port %" PRId64
                    "; write session: shared there, or leave "
                    "local_port out",
                    r->line, c->peers[peer].name, c->peers[peer].local_port);
    }
}

/* Of a peer: the first route with mapped sessions to it, and the first that needs a standing association of
 * its own. */
struct standing {
    const struct cfg_route *mapped, *shared;
};

static void note(const struct cfg_route **first, const struct cfg_route *r)
{
    if (!*first)
        *first = r;
}

static void find_standing(const struct cfg_config *c, const struct cfg_route *r, struct standing *peers)
{
    const struct cfg_group *g = &c->groups[r->group];
    for (unsigned i = 0; cfg_uses_group(r->session) && i < g->member_count; i++)
        if (g->members[i].kind == CFG_MEMBER_PEER)
            note(r->session == CFG_MAPPED ? &peers[g->members[i].index].mapped
                                          : &peers[g->members[i].index].shared,
                 r);
    for (unsigned i = 0; i < r->from_count && !r->otherwise; i++)
        if (r->from[i].kind == CFG_MEMBER_PEER)
            note(&peers[r->from[i].index].shared, r);
}

static void refuse_both(struct loader *l, unsigned peer, const struct standing *s)
{
    const struct cfg_peer *p = &l->config->peers[peer];
    if (s->mapped && s->shared)
        err_add(&l->errors, origin_place(&l->peers[peer], CFG_KEY_PEER_LOCAL_PORT),
                "local_port: the mapped sessions of the route in line %u and the shared ones of the route in "
                "line "
                "%u each have an association of their own to '%s', and only one can use local port %" PRId64
                "; leave local_port out, or write a second peer with another one",
                s->mapped->line, s->shared->line, p->name, p->local_port);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_host(const struct net_host *a, const struct net_host *b)
{
    if (a->name && b->name)
        return strcasecmp(a->name, b->name) == 0;
    return !a->name && !b->name && net_addr_equal(&a->address, &b->address);
}

static bool share_remote(const struct cfg_peer *a, const struct cfg_peer *b)
{
    for (unsigned i = 0; i < a->host_count; i++)
        for (unsigned j = 0; j < b->host_count; j++)
            if (same_host(&a->hosts[i], &b->hosts[j]))
                return true;
    return false;
}

/* If one of them has no local address, it may use any. */
static bool share_local(const struct cfg_peer *a, const struct cfg_peer *b)
{
    if (!a->local_count || !b->local_count)
        return !a->device || !b->device || same_text(a->device, b->device);
    for (unsigned i = 0; i < a->local_count; i++)
        for (unsigned j = 0; j < b->local_count; j++)
            if (net_addr_equal(&a->local[i], &b->local[j]))
                return true;
    return false;
}

static void refuse_twin(struct loader *l, unsigned index)
{
    const struct cfg_peer *all = l->config->peers, *mine = &all[index];
    for (unsigned i = 0; i < index; i++) {
        if (all[i].local_port != mine->local_port || all[i].port != mine->port || l->peers[i].bad ||
            !same_text(all[i].netns, mine->netns) || !share_remote(&all[i], mine) ||
            !share_local(&all[i], mine))
            continue;
        err_add(&l->errors, origin_place(&l->peers[index], CFG_KEY_PEER_LOCAL_PORT),
                "local_port: peer '%s' (line %u) has this port and the same remote end, and there can be one "
                "association between the two; write another port",
                all[i].name, l->peers[i].at.line);
        return;
    }
}

void check_local_ports(struct loader *l)
{
    const struct cfg_config *c = l->config;
    for (unsigned i = 0; i < c->route_count && !err_is_full(&l->errors); i++)
        if (!l->routes[i].bad && c->routes[i].session == CFG_PAIRED)
            refuse_paired(l, &c->routes[i]);
    struct standing *peers = arena_array(&l->scratch, c->peer_count, sizeof *peers);
    for (unsigned i = 0; i < c->route_count; i++)
        if (!l->routes[i].bad)
            find_standing(c, &c->routes[i], peers);
    for (unsigned i = 0; i < c->peer_count; i++)
        if (!l->peers[i].bad && origin_has(&l->peers[i], CFG_KEY_PEER_LOCAL_PORT)) {
            refuse_twin(l, i);
            refuse_both(l, i, &peers[i]);
        }
}
