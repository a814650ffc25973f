/* /v1/listeners, peers, groups, routes, config: what the configuration in force names, and how each of it
 * does. A sight is open while a page of a list is written, and no longer. */
#include "broker/admin/doc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/call.h"
#include "broker/admin/json.h"
#include "broker/json_text.h"
#include "config/sctp/ppid.h"
#include "routing/explain.h"

#define PAGE     100
#define PAGE_MAX 1000

/* A page of a list, as ?offset= and ?limit= ask for it. */
struct page {
    unsigned offset, limit, passed;
    json_t *items;
};

static bool begin_page(struct admin_call *call, struct page *p)
{
    p->passed = 0;
    p->items = NULL;
    if (!admin_query_number(call, "offset", 0, UINT32_MAX, &p->offset) ||
        !admin_query_number(call, "limit", PAGE, PAGE_MAX, &p->limit))
        return false;
    p->items = json_array();
    return true;
}

/* Whether the next item is one of the page; counts it. */
static bool on_page(struct page *p)
{
    unsigned place = p->passed++;
    return place >= p->offset && place - p->offset < p->limit;
}

static enum admin_step end_page(const struct admin *a, struct admin_call *call, struct page *p,
                                const char *name)
{
    json_t *d = admin_document(a);
    json_object_set_new(d, "total", json_integer(p->passed));
    json_object_set_new(d, "offset", json_integer(p->offset));
    json_object_set_new(d, name, p->items);
    return admin_answer(call, 200, d);
}

/* What a handler needs; opened before a page, closed after it. */
struct scene {
    const struct brk_observer *observer;
    struct brk_sight sight;
    struct brk_counts sum;
    unsigned *up;    /* associations that are up, by listener, then by peer; NULL: not asked for */
    unsigned *setup; /* and those that are being set up, */
    unsigned *in;    /* and those in the group that is being told */
};

static unsigned place_of(const struct cfg_config *c, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? m.index : c->listener_count + m.index;
}

static void count_associations(const struct admin *a, struct scene *s)
{
    const struct cfg_config *c = s->sight.config;
    unsigned count;
    bool cut;
    const struct brk_assoc_view *v = brk_observer_found(a->observer, &count, &cut);
    for (unsigned i = 0; i < count; i++) {
        unsigned place = place_of(c, v[i].member);
        if (strcmp(v[i].state, "up") == 0 || strcmp(v[i].state, "ending") == 0)
            s->up[place]++;
        else if (strcmp(v[i].state, "connecting") == 0 || strcmp(v[i].state, "resolving") == 0)
            s->setup[place]++;
    }
}

static bool open_scene(struct admin *a, struct scene *s, bool associations)
{
    s->observer = a->observer;
    s->up = s->setup = NULL;
    brk_sight_open(a->observer, &s->sight);
    const struct cfg_config *c = s->sight.config;
    bool good = brk_sight_counts(a->observer, &s->sight, &s->sum);
    if (good && associations) {
        s->up = calloc(3 * (c->listener_count + c->peer_count) + 1, sizeof *s->up);
        if ((good = s->up != NULL)) {
            s->setup = s->up + c->listener_count + c->peer_count;
            s->in = s->setup + c->listener_count + c->peer_count;
            count_associations(a, s);
        } else {
            brk_counts_free(&s->sum);
        }
    }
    if (!good)
        brk_sight_close(a->observer);
    return good;
}

static void close_scene(struct admin *a, struct scene *s)
{
    brk_sight_close(a->observer);
    brk_counts_free(&s->sum);
    free(s->up);
}

/* Answers with a page of the list `name`, to which `add` gives the items that are on it. `counts`: it wants
 * to know of associations, for which the workers are asked first. */
static enum admin_step answer_page(struct admin *a, struct admin_call *call, const char *name, bool counts,
                                   void (*add)(const struct scene *, struct page *))
{
    struct scene s;
    struct page p;
    if (counts && !admin_fresh(a, call))
        return ADMIN_WALK;
    if (!begin_page(call, &p))
        return ADMIN_DONE;
    if (!open_scene(a, &s, counts)) {
        json_decref(p.items);
        return admin_answer(call, 500, NULL);
    }
    add(&s, &p);
    close_scene(a, &s);
    return end_page(a, call, &p, name);
}

/* ---- listeners and peers -------------------------------------------------------------------------- */

static json_t *addresses(const struct net_addr *list, unsigned count)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < count; i++)
        json_array_append_new(array, admin_json_address(&list[i]));
    return array;
}

static json_t *prefixes(const struct net_prefix *list, unsigned count)
{
    char text[NET_PREFIX_TEXT];
    json_t *array = json_array();
    for (unsigned i = 0; i < count; i++)
        json_array_append_new(array, json_string(net_prefix_format(&list[i], text, sizeof text)));
    return array;
}

static json_t *limit(unsigned most)
{
    return most ? json_integer(most) : json_null();
}

/* What a listener accepts. */
static json_t *access_of(const struct cfg_access *x)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "allow", prefixes(x->allow, x->allow_count), "deny",
                     prefixes(x->deny, x->deny_count), "max_associations", limit(x->max_associations),
                     "max_per_address", limit(x->max_per_address), "new_per_second",
                     limit(x->new_per_second));
}

static void add_listeners(const struct scene *s, struct page *p)
{
    const struct cfg_config *c = s->sight.config;
    for (unsigned i = 0; i < c->listener_count; i++) {
        const struct cfg_listener *l = &c->listeners[i];
        if (!l->gone && on_page(p))
            json_array_append_new(
                p->items, json_pack("{s:s, s:o, s:i, s:i, s:o, s:o}", "name", l->name, "addresses",
                                    addresses(l->addresses, l->address_count), "port", (int)l->port,
                                    "associations", (int)s->up[i], "access", access_of(&l->access), "traffic",
                                    admin_json_traffic(brk_traffic_of(&s->sum, BRK_LISTENERS, i))));
    }
}

enum admin_step admin_get_listeners(struct admin *a, struct admin_call *call)
{
    return answer_page(a, call, "listeners", true, add_listeners);
}

static json_t *hosts(const struct cfg_peer *peer)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < peer->host_count; i++)
        json_array_append_new(array, peer->hosts[i].name ? json_string(peer->hosts[i].name)
                                                         : admin_json_address(&peer->hosts[i].address));
    return array;
}

/* In a word: up, connecting, down (waits until the next attempt), idle (nobody needs it now). */
static const char *peer_state(const struct scene *s, unsigned place, const struct brk_peer_view *v)
{
    return s->up[place] ? "up" : s->setup[place] ? "connecting" : v->failures ? "down" : "idle";
}

static void add_peers(const struct scene *s, struct page *p)
{
    const struct cfg_config *c = s->sight.config;
    for (unsigned i = 0; i < c->peer_count; i++) {
        const struct cfg_peer *peer = &c->peers[i];
        struct brk_peer_view v = brk_observer_peer(s->observer, i);
        unsigned place = c->listener_count + i;
        if (!peer->gone && on_page(p))
            json_array_append_new(p->items,
                                  json_pack("{s:s, s:o, s:i, s:s, s:i, s:i, s:I, s:i, s:o}", "name",
                                            peer->name, "addresses", hosts(peer), "port", (int)peer->port,
                                            "state", peer_state(s, place, &v), "associations",
                                            (int)s->up[place], "failures", (int)v.failures, "retry_in_ms",
                                            (json_int_t)v.retry_in_ms, "ejections", (int)v.ejected, "traffic",
                                            admin_json_traffic(brk_traffic_of(&s->sum, BRK_PEERS, i))));
    }
}

enum admin_step admin_get_peers(struct admin *a, struct admin_call *call)
{
    return answer_page(a, call, "peers", true, add_peers);
}

/* ---- groups and routes ---------------------------------------------------------------------------- */

/* Counts who of each member is in the group, or takes it back (`step` -1). */
static void count_in_group(const struct scene *s, unsigned group, int step)
{
    bool held;
    unsigned worker, count = brk_sight_group(&s->sight, group, &held);
    for (unsigned k = 0; k < count; k++)
        s->in[place_of(s->sight.config, brk_sight_group_at(&s->sight, group, k, &worker))] += (unsigned)step;
}

/* Of paired sessions nobody joins the group: the partners connected to a member are. */
static json_t *group_members(const struct scene *s, unsigned group)
{
    const struct cfg_config *c = s->sight.config;
    const struct cfg_group *g = &c->groups[group];
    static const char *const states[] = {[CFG_READY] = "ready", [CFG_DRAIN] = "drain", [CFG_MAINT] = "maint"};
    json_t *array = json_array();
    count_in_group(s, group, 1);
    for (unsigned i = 0; i < g->member_count; i++) {
        struct cfg_member m = g->members[i];
        json_t *o = admin_json_member(c, m);
        json_object_set_new(o, "associations", json_integer(s->up[place_of(c, m)]));
        json_object_set_new(o, "in_group", json_integer(s->in[place_of(c, m)]));
        json_object_set_new(o, "state", json_string(s->up[place_of(c, m)] ? "up" : "down"));
        json_object_set_new(o, "set", json_string(states[brk_observer_state_of(s->observer, m)]));
        json_object_set_new(o, "ejected", json_boolean(brk_sight_ejected(s->observer, &s->sight, group, i)));
        json_object_set_new(o, "weight",
                            json_integer(m.kind == CFG_MEMBER_PEER ? c->peers[m.index].weight
                                                                   : c->listeners[m.index].weight));
        json_array_append_new(array, o);
    }
    count_in_group(s, group, -1);
    return array;
}

static void add_groups(const struct scene *s, struct page *p)
{
    static const char *const modes[] = {
        [CFG_LOADSHARE] = "loadshare", [CFG_OVERRIDE] = "override", [CFG_BROADCAST] = "broadcast"};
    static const char *const shares[] = {[CFG_ROUND_ROBIN] = "round-robin",
                                         [CFG_STREAM_HASH] = "stream-hash",
                                         [CFG_SOURCE_HASH] = "source-hash",
                                         [CFG_LEAST_WAITING] = "least-waiting"};
    bool held;
    const struct cfg_config *c = s->sight.config;
    for (unsigned i = 0; i < c->group_count; i++) {
        const struct cfg_group *g = &c->groups[i];
        if (g->gone || !on_page(p))
            continue;
        unsigned in = brk_sight_group(&s->sight, i, &held);
        json_array_append_new(p->items,
                              json_pack("{s:s, s:s, s:s, s:b, s:i, s:o, s:o}", "name", g->name, "mode",
                                        modes[g->mode], "share", shares[g->share], "held", (int)held,
                                        "in_group", (int)in, "members", group_members(s, i), "traffic",
                                        admin_json_traffic(brk_traffic_of(&s->sum, BRK_GROUPS, i))));
    }
}

enum admin_step admin_get_groups(struct admin *a, struct admin_call *call)
{
    return answer_page(a, call, "groups", true, add_groups);
}

static json_t *route_sources(const struct cfg_config *c, const struct cfg_route *r)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < r->from_count; i++)
        json_array_append_new(array, json_string(cfg_member_name(c, r->from[i])));
    return array;
}

static json_t *route_ppids(const struct cfg_route *r)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < r->ppid_count; i++) {
        const char *name = ppid_name(r->ppids[i]);
        json_array_append_new(array, name ? json_string(name) : json_integer(r->ppids[i]));
    }
    return array;
}

static json_t *route_streams(const struct cfg_route *r)
{
    char text[24];
    json_t *array = json_array();
    for (unsigned i = 0; i < r->stream_count; i++) {
        snprintf(text, sizeof text, r->streams[i].first == r->streams[i].last ? "%u" : "%u-%u",
                 r->streams[i].first, r->streams[i].last);
        json_array_append_new(array, json_string(text));
    }
    return array;
}

static json_t *route(const struct scene *s, unsigned id)
{
    const struct cfg_config *c = s->sight.config;
    const struct cfg_route *r = &c->routes[id];
    static const char *const deliveries[] = {
        [CFG_EITHER] = "any", [CFG_ORDERED] = "false", [CFG_UNORDERED] = "true"};
    char leaves[RT_EXPLAIN_TEXT];
    return json_pack("{s:s?, s:i, s:i, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:o}", "name", r->name, "number",
                     (int)id + 1, "line", (int)r->line, "from", route_sources(c, r), "ppid", route_ppids(r),
                     "stream", route_streams(r), "unordered", deliveries[r->delivery], "leaves_with",
                     rt_explain_rewrite(r, leaves), "to", c->groups[r->group].name, "session",
                     cfg_session_name(r->session), "traffic",
                     admin_json_traffic(brk_traffic_of(&s->sum, BRK_ROUTES, id)));
}

static void add_routes(const struct scene *s, struct page *p)
{
    for (unsigned i = 0; i < cfg_ordered_routes(s->sight.config); i++)
        if (on_page(p))
            json_array_append_new(p->items, route(s, cfg_route_at(s->sight.config, i)));
}

enum admin_step admin_get_routes(struct admin *a, struct admin_call *call)
{
    return answer_page(a, call, "routes", false, add_routes);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

enum admin_step admin_get_config(struct admin *a, struct admin_call *call)
{
    struct brk_sight s;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return admin_answer(call, 500, NULL);
    brk_sight_open(a->observer, &s);
    cfg_print(s.config, out);
    unsigned generation = s.generation;
    brk_sight_close(a->observer);
    fclose(out);
    json_t *d = admin_document(a);
    json_object_set_new(d, "file", brk_json_text(a->file, strlen(a->file)));
    json_object_set_new(d, "generation", json_integer(generation));
    json_object_set_new(d, "yaml", text ? json_string(text) : NULL);
    free(text);
    return admin_answer(call, 200, d);
}
