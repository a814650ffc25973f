/* /v1/explain: which route takes a message of a listener or peer, where it would go now, and why not
 * elsewhere. */
#include "broker/admin/doc.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/admin/call.h"
#include "broker/admin/json.h"
#include "broker/admin/refuse.h"
#include "broker/sight_group.h"
#include "config/sctp/ppid.h"
#include "routing/explain.h"

#define OTHERS_MAX 200 /* routes that are told beside the one */

struct question {
    struct cfg_member from;
    uint32_t ppid;
    unsigned stream, unordered;
};

/* ---- where to ------------------------------------------------------------------------------------- */

/* How many associations of each listener, and behind those of each peer, are in the group; to be freed. NULL:
 * out of memory. */
static unsigned *count_in_group(const struct brk_sight *s, unsigned group)
{
    const struct cfg_config *c = s->config;
    bool held;
    unsigned worker, count = brk_sight_group(s, group, &held);
    unsigned *in = calloc(c->listener_count + c->peer_count + 1, sizeof *in);
    for (unsigned i = 0; in && i < count; i++) {
        struct cfg_member m = brk_sight_group_at(s, group, i, &worker);
        in[m.kind == CFG_MEMBER_LISTENER ? m.index : c->listener_count + m.index]++;
    }
    return in;
}

/* Why it gets nothing although it may be up; NULL: nobody has taken it out of the group. */
static const char *taken_out(const struct admin *a, const struct brk_sight *s, unsigned group,
                             unsigned position)
{
    enum cfg_state state = brk_observer_state_of(a->observer, s->config->groups[group].members[position]);
    return state == CFG_DRAIN   ? "is in state drain: it gets nothing"
           : state == CFG_MAINT ? "is in state maint: it gets nothing"
           : brk_sight_ejected(a->observer, s, group, position)
               ? "is ejected for a time: it has failed too often"
               : NULL;
}

/* Of a shared session. */
static const char *share(const struct cfg_group *g, unsigned in, bool first)
{
    if (!in)
        return g->mode == CFG_OVERRIDE ? "is not in the group: not up, or one before it is" : "is not up";
    if (g->mode == CFG_BROADCAST)
        return "gets a copy";
    if (g->mode == CFG_OVERRIDE)
        return first ? "gets it" : "is in reserve";
    return g->share == CFG_STREAM_HASH     ? "gets it where the hash of source and stream says so"
           : g->share == CFG_LEAST_WAITING ? "gets it where the fewest messages wait for it"
           : g->share == CFG_SOURCE_HASH   ? "gets it where the hash of the source says so"
                                           : "gets it in its turn";
}

/* Of a paired session: where the partner of a new client is connected to. */
static const char *would_connect(const struct cfg_group *g, bool down, bool first)
{
    if (down)
        return "is down: not tried now";
    if (g->mode == CFG_OVERRIDE)
        return first ? "gets the sessions of new clients" : "is in reserve for new clients";
    return "gets new clients in its turn";
}

static json_t *members(const struct admin *a, const struct brk_sight *s, const struct cfg_route *r)
{
    const struct cfg_group *g = &s->config->groups[r->group];
    json_t *array = json_array();
    unsigned *counts = count_in_group(s, r->group);
    bool first = true;
    for (unsigned i = 0; counts && i < g->member_count; i++) {
        struct cfg_member m = g->members[i];
        unsigned in = counts[m.kind == CFG_MEMBER_LISTENER ? m.index : s->config->listener_count + m.index];
        bool paired = r->session == CFG_PAIRED;
        const char *out = taken_out(a, s, r->group, i);
        bool down = out || (paired ? brk_observer_peer(a->observer, m.index).retry_in_ms != 0 : !in);
        const char *what = out ? out : paired ? would_connect(g, down, first) : share(g, in, first);
        json_t *o = admin_json_member(s->config, m);
        json_object_set_new(o, "in_group", json_integer(in));
        json_object_set_new(o, "what", json_string(what));
        json_array_append_new(array, o);
        first &= down;
    }
    free(counts);
    return array;
}

/* ---- which ---------------------------------------------------------------------------------------- */

static json_t *route(const struct cfg_config *c, unsigned id, const char *what)
{
    const struct cfg_route *r = &c->routes[id];
    return json_pack("{s:s?, s:i, s:i, s:s, s:s}", "name", r->name, "number", (int)id + 1, "line",
                     (int)r->line, "to", c->groups[r->group].name, "what", what);
}

/* All routes in order; *taker: the one that takes it, or -1. */
static json_t *routes(const struct cfg_config *c, const struct question *q, long *taker)
{
    json_t *array = json_array();
    *taker = -1;
    for (unsigned i = 0; i < cfg_ordered_routes(c); i++) {
        unsigned id = cfg_route_at(c, i);
        enum rt_verdict v = rt_explain(&c->routes[id], q->from, q->ppid, (uint16_t)q->stream, q->unordered);
        if (i < OTHERS_MAX || (v == RT_FITS && *taker < 0))
            json_array_append_new(array, route(c, id, rt_verdict_text(v, *taker >= 0)));
        if (v == RT_FITS && *taker < 0)
            *taker = id;
    }
    return array;
}

static const char *when_full_text(enum cfg_when_full f)
{
    static const char *const texts[] = {
        [CFG_BLOCK] = "it waits, and who sent it is not read",
        [CFG_DROP_NEWEST] = "it is dropped (queue_full_newest)",
        [CFG_DROP_OLDEST] = "the oldest one that waits there is dropped for it (queue_full_oldest)",
        [CFG_REROUTE] = "it goes to another member that has room"};
    return texts[f];
}

static void tell(const struct admin *a, const struct brk_sight *s, const struct question *q, json_t *d)
{
    const struct cfg_config *c = s->config;
    char text[RT_EXPLAIN_TEXT];
    bool held;
    long taker;
    json_object_set_new(d, "from", admin_json_member(c, q->from));
    json_object_set_new(d, "ppid", json_integer(q->ppid));
    json_object_set_new(d, "stream", json_integer(q->stream));
    json_object_set_new(d, "unordered", json_boolean(q->unordered));
    json_object_set_new(d, "routes", routes(c, q, &taker));
    if (taker < 0) {
        json_object_set_new(d, "verdict", json_string(rt_explain_unrouted(s->config)));
        return;
    }
    const struct cfg_route *r = &c->routes[taker];
    const struct cfg_group *g = &c->groups[r->group];
    unsigned in = brk_sight_group(s, r->group, &held);
    const char *verdict = r->session == CFG_PAIRED   ? "it goes to the partner of its client"
                          : held                     ? "it waits: the group is held while members change"
                          : in                       ? "it is sent"
                          : g->mode == CFG_BROADCAST ? "nobody is there: it is dropped (no_subscriber)"
                          : g->hold.messages || g->hold.bytes || g->hold.time_ms
                              ? "nobody is there: it waits as far as the group's hold allows"
                              : "nobody is there: it waits";
    json_object_set_new(d, "route", route(c, (unsigned)taker, "takes it"));
    json_object_set_new(d, "session", json_string(cfg_session_name(r->session)));
    json_object_set_new(d, "leaves_with", json_string(rt_explain_rewrite(r, text)));
    json_object_set_new(d, "when_full", json_string(when_full_text(r->when_full)));
    json_object_set_new(d, "members", members(a, s, r));
    json_object_set_new(d, "verdict", json_string(verdict));
}

enum admin_step admin_get_explain(struct admin *a, struct admin_call *call)
{
    struct question q;
    struct brk_sight s;
    const char *from = admin_query(call, "from"), *ppid = admin_query(call, "ppid");
    if (!from || !ppid || !ppid_parse(ppid, &q.ppid))
        return admin_refuse(call, 400,
                            "say from= (a listener or peer), ppid= (a name or number) and stream=");
    if (!admin_query_number(call, "stream", 0, 65535, &q.stream) ||
        !admin_query_number(call, "unordered", 0, 1, &q.unordered))
        return ADMIN_DONE;
    json_t *d = admin_document(a);
    brk_sight_open(a->observer, &s);
    bool found = cfg_member_find(s.config, from, &q.from);
    if (found)
        tell(a, &s, &q, d);
    brk_sight_close(a->observer);
    if (found)
        return admin_answer(call, 200, d);
    json_decref(d);
    return admin_refuse_member(a, call, from);
}
