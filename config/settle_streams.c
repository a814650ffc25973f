/* The streams that are asked for where sessions need more than the stack's default.
 *
 * A member of mapped sessions needs one for each stream of each client, in both directions: so many are asked
 * for, and, where more are to be added, as many accepted as there can be. The rest is about listeners with
 * paired sessions.
 *
 * When a client connects, there is no association to its server yet: it is opened then, with the number of
 * streams granted to the client. So what clients are granted is determined in advance by the servers'
 * configuration: a client may send on at most as many streams as the association to its server requests, and
 * gets as many inbound streams as the servers may send on. Values written for the listener itself take
 * precedence. */
#include "config/settle_streams_priv.h"

#define MAPPED_STREAMS 4096

/* Of all peers to which the paired sessions of one listener may connect. */
struct streams {
    int64_t out; /* the maximum that one of them accepts from its server; 0: there are no peers */
    int64_t in;  /* the minimum number that is written to be requested; 0: none is written */
};

static void add_peer(const struct loader *l, unsigned peer, struct streams *s)
{
    const struct opt_set *set = &l->config->peers[peer].sctp;
    int64_t accepts = opt_num(set, OPTF_INIT_INSTREAMS, 0), asks = opt_num(set, OPTF_INIT_OSTREAMS, 0);
    if (accepts > s->out)
        s->out = accepts;
    if (asks && (!s->in || asks < s->in))
        s->in = asks;
}

/* Iterates by route and listener, so that the work is bounded as in check_reach. */
static void add_route(const struct loader *l, const struct cfg_route *r, struct streams *listeners)
{
    const struct cfg_group *g = &l->config->groups[r->group];
    struct streams s = {0, 0};
    for (unsigned i = 0; i < g->member_count; i++)
        if (g->members[i].kind == CFG_MEMBER_PEER)
            add_peer(l, g->members[i].index, &s);
    for (unsigned i = 0; i < r->from_count; i++) {
        if (r->from[i].kind != CFG_MEMBER_LISTENER)
            continue;
        struct streams *of = &listeners[r->from[i].index];
        of->out = s.out > of->out ? s.out : of->out;
        of->in = s.in && (!of->in || s.in < of->in) ? s.in : of->in;
    }
}

static void settle_mapped(const struct loader *l, const struct cfg_group *g)
{
    struct cfg_peer *peers = (struct cfg_peer *)l->config->peers;
    for (unsigned i = 0; i < g->member_count; i++) {
        unsigned peer = g->members[i].index;
        if (g->members[i].kind != CFG_MEMBER_PEER)
            continue;
        const struct cfg_place *at = l->peers[peer].effective->at;
        if (!at[OPTF_INIT_OSTREAMS].line)
            opt_put(&peers[peer].sctp, OPTF_INIT_OSTREAMS, MAPPED_STREAMS);
        if (!at[OPTF_INIT_INSTREAMS].line)
            opt_put(&peers[peer].sctp, OPTF_INIT_INSTREAMS, UINT16_MAX);
    }
}

void settle_streams(struct loader *l)
{
    const struct cfg_config *c = l->config;
    struct cfg_listener *listeners = (struct cfg_listener *)c->listeners; /* still ours to write */
    struct streams *all = arena_array(&l->scratch, c->listener_count, sizeof *all);
    for (unsigned i = 0; i < c->route_count; i++)
        if (!l->routes[i].bad && c->routes[i].session == CFG_PAIRED)
            add_route(l, &c->routes[i], all);
    for (unsigned i = 0; i < c->listener_count; i++) {
        struct opt_set *set = &listeners[i].sctp;
        const struct cfg_place *at = l->listeners[i].effective->at;
        if (all[i].out && !at[OPTF_INIT_OSTREAMS].line)
            opt_put(set, OPTF_INIT_OSTREAMS, all[i].out);
        if (all[i].in && !at[OPTF_INIT_INSTREAMS].line && all[i].in < opt_num(set, OPTF_INIT_INSTREAMS, 0))
            opt_put(set, OPTF_INIT_INSTREAMS, all[i].in);
    }
    for (unsigned i = 0; i < c->group_count; i++)
        if (c->groups[i].mapped)
            settle_mapped(l, &c->groups[i]);
}
