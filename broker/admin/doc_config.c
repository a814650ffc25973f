/* /v1/listeners, peers, routes, config: what the configuration in force names, and how each of it does. */
#include "broker/admin/doc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/call.h"
#include "broker/admin/doc_list.h"
#include "broker/admin/json.h"
#include "broker/json_text.h"
#include "config/sctp/ppid.h"
#include "routing/explain.h"

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

/* How much may wait for each of its associations, and what does. `own`: `queue` says so, else the broker's
 * limits of what may wait from each source. */
static json_t *queue_of(const struct doc_scene *s, const struct cfg_queue *q, unsigned place)
{
    const struct cfg_config *c = s->sight.config;
    const struct doc_waiting *w = &s->waiting[place];
    return json_pack("{s:I, s:I, s:b, s:I, s:I, s:i}", "messages",
                     (json_int_t)(q->messages ? q->messages : c->queue_messages), "bytes",
                     (json_int_t)(q->bytes ? q->bytes : c->queue_bytes), "own", q->messages || q->bytes,
                     "waiting", (json_int_t)w->messages, "waiting_bytes", (json_int_t)w->bytes, "most",
                     (int)w->most);
}

static void add_listeners(const struct doc_scene *s, struct doc_page *p)
{
    const struct cfg_config *c = s->sight.config;
    for (unsigned i = 0; i < c->listener_count; i++) {
        const struct cfg_listener *l = &c->listeners[i];
        if (!l->gone && doc_on_page(p))
            json_array_append_new(
                p->items,
                json_pack("{s:s, s:o, s:i, s:i, s:o, s:o, s:o}", "name", l->name, "addresses",
                          addresses(l->addresses, l->address_count), "port", (int)l->port, "associations",
                          (int)s->up[i], "access", access_of(&l->access), "queue", queue_of(s, &l->queue, i),
                          "traffic", admin_json_traffic(brk_traffic_of(&s->sum, BRK_LISTENERS, i))));
    }
}

enum admin_step admin_get_listeners(struct admin *a, struct admin_call *call)
{
    return doc_answer_page(a, call, "listeners", true, add_listeners);
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
static const char *peer_state(const struct doc_scene *s, unsigned place, const struct brk_peer_view *v)
{
    return s->up[place] ? "up" : s->setup[place] ? "connecting" : v->failures ? "down" : "idle";
}

static void add_peers(const struct doc_scene *s, struct doc_page *p)
{
    const struct cfg_config *c = s->sight.config;
    for (unsigned i = 0; i < c->peer_count; i++) {
        const struct cfg_peer *peer = &c->peers[i];
        struct brk_peer_view v = brk_observer_peer(s->observer, i);
        unsigned place = c->listener_count + i;
        if (!peer->gone && doc_on_page(p))
            json_array_append_new(
                p->items, json_pack("{s:s, s:o, s:i, s:s, s:i, s:i, s:I, s:i, s:o, s:o}", "name", peer->name,
                                    "addresses", hosts(peer), "port", (int)peer->port, "state",
                                    peer_state(s, place, &v), "associations", (int)s->up[place], "failures",
                                    (int)v.failures, "retry_in_ms", (json_int_t)v.retry_in_ms, "ejections",
                                    (int)v.ejected, "queue", queue_of(s, &peer->queue, place), "traffic",
                                    admin_json_traffic(brk_traffic_of(&s->sum, BRK_PEERS, i))));
    }
}

enum admin_step admin_get_peers(struct admin *a, struct admin_call *call)
{
    return doc_answer_page(a, call, "peers", true, add_peers);
}

/* ---- routes ------------------------------------------------------------------------------------ */

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

static json_t *route(const struct doc_scene *s, unsigned id)
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

static void add_routes(const struct doc_scene *s, struct doc_page *p)
{
    for (unsigned i = 0; i < cfg_ordered_routes(s->sight.config); i++)
        if (doc_on_page(p))
            json_array_append_new(p->items, route(s, cfg_route_at(s->sight.config, i)));
}

enum admin_step admin_get_routes(struct admin *a, struct admin_call *call)
{
    return doc_answer_page(a, call, "routes", false, add_routes);
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
