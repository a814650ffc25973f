/* /v1/groups: who is in the groups of the configuration in force, and what waits for them. */
#include "broker/admin/doc.h"

#include "broker/admin/doc_list.h"
#include "broker/admin/json.h"
#include "broker/sight_group.h"

/* Counts who of each member is in the group, or takes it back (`step` -1). */
static void count_in_group(const struct doc_scene *s, unsigned group, int step)
{
    bool held;
    unsigned worker, count = brk_sight_group(&s->sight, group, &held);
    for (unsigned k = 0; k < count; k++)
        s->in[doc_place(s->sight.config, brk_sight_group_at(&s->sight, group, k, &worker))] += (unsigned)step;
}

/* Of paired sessions nobody joins the group: the partners connected to a member are. */
static json_t *group_members(const struct doc_scene *s, unsigned group)
{
    const struct cfg_config *c = s->sight.config;
    const struct cfg_group *g = &c->groups[group];
    static const char *const states[] = {[CFG_READY] = "ready", [CFG_DRAIN] = "drain", [CFG_MAINT] = "maint"};
    json_t *array = json_array();
    count_in_group(s, group, 1);
    for (unsigned i = 0; i < g->member_count; i++) {
        struct cfg_member m = g->members[i];
        json_t *o = admin_json_member(c, m);
        json_object_set_new(o, "associations", json_integer(s->up[doc_place(c, m)]));
        json_object_set_new(o, "in_group", json_integer(s->in[doc_place(c, m)]));
        json_object_set_new(o, "state", json_string(s->up[doc_place(c, m)] ? "up" : "down"));
        json_object_set_new(o, "set", json_string(states[brk_observer_state_of(s->observer, m)]));
        json_object_set_new(o, "ejected", json_boolean(brk_sight_ejected(s->observer, &s->sight, group, i)));
        json_object_set_new(o, "slow_start", json_integer(brk_sight_share(&s->sight, group, i)));
        json_object_set_new(o, "weight",
                            json_integer(m.kind == CFG_MEMBER_PEER ? c->peers[m.index].weight
                                                                   : c->listeners[m.index].weight));
        json_array_append_new(array, o);
    }
    count_in_group(s, group, -1);
    return array;
}

static json_t *limit(uint64_t most)
{
    return most ? json_integer((json_int_t)most) : json_null();
}

/* How much may wait for it while nobody is in it, and what does. */
static json_t *hold_of(const struct doc_scene *s, unsigned group)
{
    const struct cfg_hold *h = &s->sight.config->groups[group].hold;
    const struct brk_traffic *t = brk_traffic_of(&s->sum, BRK_GROUPS, group);
    return json_pack("{s:o, s:o, s:o, s:I, s:I}", "messages", limit(h->messages), "bytes", limit(h->bytes),
                     "time_ms", limit(h->time_ms), "waiting", (json_int_t)brk_counted(&t->held),
                     "waiting_bytes", (json_int_t)brk_counted(&t->held_bytes));
}

static void add_groups(const struct doc_scene *s, struct doc_page *p)
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
        if (g->gone || !doc_on_page(p))
            continue;
        unsigned in = brk_sight_group(&s->sight, i, &held);
        json_array_append_new(
            p->items,
            json_pack("{s:s, s:s, s:s?, s:b, s:i, s:o, s:o, s:o}", "name", g->name, "mode", modes[g->mode],
                      "share", g->mode == CFG_LOADSHARE ? shares[g->share] : NULL, "held", (int)held,
                      "in_group", (int)in, "members", group_members(s, i), "hold", hold_of(s, i), "traffic",
                      admin_json_traffic(brk_traffic_of(&s->sum, BRK_GROUPS, i))));
    }
}

enum admin_step admin_get_groups(struct admin *a, struct admin_call *call)
{
    return doc_answer_page(a, call, "groups", true, add_groups);
}
