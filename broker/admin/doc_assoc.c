/* /v1/associations: all of them, chosen, sorted and in pages; and one, with its paths. */
#include "broker/admin/doc.h"

#include <stdlib.h>
#include <string.h>

#include "broker/admin/call.h"
#include "broker/admin/json.h"
#include "broker/admin/refuse.h"
#include "routing/origin.h"

#define PAGE     100
#define PAGE_MAX 1000

static json_t *origin_or_null(uint64_t origin)
{
    char id[RT_ORIGIN_TEXT];
    return origin ? json_string(rt_origin_format(origin, id)) : json_null();
}

static json_t *association(const struct cfg_config *c, const struct brk_assoc_view *v)
{
    char id[RT_ORIGIN_TEXT];
    json_t *o = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:o, s:I, s:o, s:I}", "id",
                          rt_origin_format(v->origin, id), "worker", (int)v->worker, "kind",
                          v->member.kind == CFG_MEMBER_LISTENER ? "listener" : "peer", "name",
                          cfg_member_name(c, v->member), "role", v->role, "state", v->state, "remote",
                          admin_json_address(&v->remote), "assoc", (json_int_t)v->assoc, "session",
                          origin_or_null(v->session), "age_ms", (json_int_t)v->age_ms);
    json_object_update_new(
        o, json_pack("{s:i, s:i, s:b, s:I, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "in_streams", (int)v->in_streams, "out_streams", (int)v->out_streams, "blocked",
                     (int)v->blocked, "stuck_ms", (json_int_t)v->stuck_ms, "paused", (int)v->paused,
                     "limited", (int)v->limited, "limited_times", (json_int_t)v->limited_times, "waiting",
                     (json_int_t)v->waiting, "waiting_bytes", (json_int_t)v->waiting_bytes, "received",
                     (json_int_t)v->received, "received_bytes", (json_int_t)v->received_bytes, "delivered",
                     (json_int_t)v->delivered, "delivered_bytes", (json_int_t)v->delivered_bytes,
                     "retransmitted", (json_int_t)v->retransmitted, "duplicates", (json_int_t)v->duplicates,
                     "retransmitted_per_minute", (json_int_t)v->retransmitted_per_minute));
    json_object_set_new(o, "mapped",
                        v->mapped
                            ? json_pack("{s:I, s:I, s:I}", "used", (json_int_t)v->streams_used, "left",
                                        (json_int_t)v->streams_left, "free", (json_int_t)v->streams_free)
                            : json_null());
    return o;
}

/* ---- choosing ------------------------------------------------------------------------------------- */

struct filter {
    const char *listener, *peer, *state, *worker, *text;
};

static bool is_of(const struct cfg_config *c, const struct brk_assoc_view *v, enum cfg_member_kind kind,
                  const char *name)
{
    return !name || (v->member.kind == kind && strcmp(cfg_member_name(c, v->member), name) == 0);
}

/* In its number, name or address. */
static bool has_text(const struct cfg_config *c, const struct brk_assoc_view *v, const char *text)
{
    char id[RT_ORIGIN_TEXT], address[NET_ADDR_TEXT] = "";
    if (!text || strstr(rt_origin_format(v->origin, id), text) || strstr(cfg_member_name(c, v->member), text))
        return true;
    if (v->remote.sa.sa_family != AF_UNSPEC)
        net_addr_format(&v->remote, address, sizeof address);
    return strstr(address, text);
}

static bool is_wanted(const struct cfg_config *c, const struct brk_assoc_view *v, const struct filter *f)
{
    return is_of(c, v, CFG_MEMBER_LISTENER, f->listener) && is_of(c, v, CFG_MEMBER_PEER, f->peer) &&
           (!f->state || strcmp(f->state, v->state) == 0) &&
           (!f->worker || strtoul(f->worker, NULL, 10) == v->worker) && has_text(c, v, f->text);
}

/* ---- sorting -------------------------------------------------------------------------------------- */

static int falling(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

#define BY(what)                                                                                             \
    static int by_##what(const void *a, const void *b)                                                       \
    {                                                                                                        \
        const struct brk_assoc_view *const *x = a, *const *y = b;                                            \
        int order = falling((*x)->what, (*y)->what);                                                         \
        return order ? order : -falling((*x)->origin, (*y)->origin);                                         \
    }
BY(waiting)
BY(received)
BY(delivered)
BY(retransmitted)
BY(age_ms)

static const struct {
    const char *name;
    int (*compare)(const void *, const void *);
} orders[] = {{"id", NULL},
              {"waiting", by_waiting},
              {"received", by_received},
              {"delivered", by_delivered},
              {"retransmitted", by_retransmitted},
              {"age", by_age_ms}};

static int find_order(const char *name)
{
    for (int i = 0; i < (int)(sizeof orders / sizeof orders[0]); i++)
        if (!name || strcmp(orders[i].name, name) == 0)
            return i;
    return -1;
}

/* ---- the documents -------------------------------------------------------------------------------- */

/* Those that are wanted, in an array of its own; NULL: out of memory. */
static const struct brk_assoc_view **choose(const struct admin *a, const struct cfg_config *c,
                                            const struct filter *f, unsigned *count, bool *cut)
{
    unsigned all, n = 0;
    const struct brk_assoc_view *v = brk_observer_found(a->observer, &all, cut);
    const struct brk_assoc_view **chosen = malloc((all + 1) * sizeof(void *));
    for (unsigned i = 0; chosen && i < all; i++)
        if (is_wanted(c, &v[i], f))
            chosen[n++] = &v[i];
    *count = n;
    return chosen;
}

enum admin_step admin_get_associations(struct admin *a, struct admin_call *call)
{
    struct filter f = {admin_query(call, "listener"), admin_query(call, "peer"), admin_query(call, "state"),
                       admin_query(call, "worker"), admin_query(call, "q")};
    struct brk_sight s;
    unsigned offset, limit, count;
    bool cut;
    int order = find_order(admin_query(call, "sort"));
    if (order < 0)
        return admin_refuse(call, 400,
                            "sort: there are id, waiting, received, delivered, retransmitted, age");
    if (!admin_query_number(call, "offset", 0, UINT32_MAX, &offset) ||
        !admin_query_number(call, "limit", PAGE, PAGE_MAX, &limit))
        return ADMIN_DONE;
    if (!admin_fresh(a, call))
        return ADMIN_WALK;
    json_t *items = json_array(), *d = admin_document(a);
    brk_sight_open(a->observer, &s);
    const struct brk_assoc_view **chosen = choose(a, s.config, &f, &count, &cut);
    brk_sight_close(a->observer); /* nobody waits while this sorts */
    if (chosen && orders[order].compare)
        qsort(chosen, count, sizeof(void *), orders[order].compare);
    brk_sight_open(a->observer, &s);
    for (unsigned i = offset; chosen && i < count && i - offset < limit; i++)
        json_array_append_new(items, association(s.config, chosen[i]));
    brk_sight_close(a->observer);
    free(chosen);
    json_object_set_new(d, "total", json_integer(count));
    json_object_set_new(d, "offset", json_integer(offset));
    json_object_set_new(d, "complete", json_boolean(!cut));
    json_object_set_new(d, "associations", items);
    return admin_answer(call, 200, d);
}

static json_t *number_or_null(int64_t n)
{
    return n < 0 ? json_null() : json_integer(n);
}

static json_t *paths(const struct brk_assoc_detail *d)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < d->path_count; i++) {
        const struct brk_path_view *p = &d->paths[i];
        json_array_append_new(array, json_pack("{s:o, s:s?, s:b, s:I, s:I, s:I, s:I}", "address",
                                               admin_json_address(&p->address), "state", p->state, "primary",
                                               (int)p->primary, "srtt_ms", (json_int_t)p->srtt_ms, "rto_ms",
                                               (json_int_t)p->rto_ms, "cwnd", (json_int_t)p->cwnd, "mtu",
                                               (json_int_t)p->mtu));
    }
    return array;
}

enum admin_step admin_get_association(struct admin *a, struct admin_call *call)
{
    struct brk_sight s;
    call->origin = rt_origin_parse(call->rest);
    call->act = BRK_LOOK_CLOSELY;
    if (!call->origin)
        return admin_refuse_id(call, call->rest);
    if (call->round == 0)
        return ADMIN_ONE;
    if (!call->found)
        return admin_refuse_association(call, call->rest);
    const struct brk_assoc_detail *more = call->detail;
    json_t *d = admin_document(a);
    brk_sight_open(a->observer, &s);
    json_t *o = association(s.config, call->found);
    brk_sight_close(a->observer);
    json_object_update_new(
        o, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "peer_window", number_or_null(more->peer_window),
                     "unacknowledged", number_or_null(more->unacknowledged), "unread",
                     number_or_null(more->unread), "packets_out", number_or_null(more->packets_out),
                     "packets_in", number_or_null(more->packets_in), "abandoned",
                     number_or_null(more->abandoned), "paths", paths(more)));
    json_object_set_new(d, "association", o);
    return admin_answer(call, 200, d);
}
