/* Which messages remain for a route after those before it.
 *
 * The first route that matches takes a message, so a route whose messages are all taken by earlier routes has
 * no effect; almost always it was meant to come earlier. It is an error. The routes are walked in order, and
 * for each source and PPID that they name (and once for all other PPIDs) the streams already taken are
 * recorded; separately for ordered and unordered messages if some route takes only one of these.
 *
 * The same walk finds a listener whose clients would get partners in two groups. A client's association has
 * one partner: they begin and end together, and its streams are requested to match. Several paired routes to
 * one group, and shared routes in addition, are allowed: shared routes take messages from the association,
 * but do not determine its lifetime. */
#include "config/check_reach_priv.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "config/origin_priv.h"

#define UNFOLDED_MAX                                                                                         \
    1000000 /* sources x PPIDs x stream ranges of all routes: the size of the route table                    \
             */

struct cover {
    uint64_t key;            /* source and delivery; PPID, or OTHER_PPIDS */
    struct cfg_range *spans; /* streams taken: in order, not adjacent */
    unsigned count, room;
    unsigned line; /* of the first route that takes any */
};

struct reach {
    struct loader *l;
    void *covers;                     /* tsearch tree */
    const struct cfg_route **partner; /* by listener: its first paired route */
    unsigned splits; /* 1: ordered and unordered messages are handled separately; 0: they are not */
};

static const struct cfg_range all_streams = {0, UINT16_MAX};

#define OTHER_PPIDS (UINT64_C(1) << 32)

static int by_key(const void *a, const void *b)
{
    const struct cover *x = a, *y = b;
    return x->key != y->key ? (x->key < y->key ? -1 : 1) : 0;
}

static struct cover *find_cover(struct reach *r, unsigned side, uint64_t ppid)
{
    const struct cover wanted = {.key = (uint64_t)side << 33 | ppid};
    struct cover **found = tfind(&wanted, &r->covers, by_key);
    return found ? *found : NULL;
}

static struct cover *make_cover(struct reach *r, unsigned side, uint64_t ppid, unsigned line)
{
    struct cover *c = find_cover(r, side, ppid);
    if (c)
        return c;
    c = arena_alloc(&r->l->scratch, sizeof *c);
    c->key = (uint64_t)side << 33 | ppid;
    c->line = line;
    if (!tsearch(c, &r->covers, by_key))
        abort();
    return c;
}

/* The last stream of the span that holds `stream`, or -1. */
static int span_end(const struct cover *c, unsigned stream)
{
    unsigned low = 0, high = c ? c->count : 0;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (c->spans[middle].last < stream)
            low = middle + 1;
        else if (c->spans[middle].first > stream)
            high = middle;
        else
            return c->spans[middle].last;
    }
    return -1;
}

static bool is_taken(const struct cover *a, const struct cover *b, struct cfg_range range)
{
    unsigned next = range.first;
    while (next <= range.last) {
        int end_a = span_end(a, next), end_b = span_end(b, next);
        int end = end_a > end_b ? end_a : end_b;
        if (end < 0)
            return false;
        next = (unsigned)end + 1;
    }
    return true;
}

static void insert_span(struct reach *r, struct cover *c, unsigned at, unsigned replaced,
                        struct cfg_range span)
{
    if (replaced == 0 && c->count == c->room) {
        unsigned room = c->room ? c->room * 2 : 4;
        struct cfg_range *spans = arena_array(&r->l->scratch, room, sizeof *spans);
        if (c->count)
            memcpy(spans, c->spans, c->count * sizeof *spans);
        c->spans = spans;
        c->room = room;
    }
    memmove(&c->spans[at + 1], &c->spans[at + replaced], (c->count - at - replaced) * sizeof *c->spans);
    c->spans[at] = span;
    c->count += 1 - replaced;
}

/* The first span that contains `stream`, is adjacent to it or follows it; `count` if there is none. */
static unsigned find_span(const struct cover *c, unsigned stream)
{
    unsigned low = 0, high = c->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (c->spans[middle].last + 1U < stream)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void take(struct reach *r, struct cover *c, struct cfg_range range)
{
    unsigned from = find_span(c, range.first), to;
    for (to = from; to < c->count && c->spans[to].first <= (unsigned)range.last + 1; to++) {
        range.first = c->spans[to].first < range.first ? c->spans[to].first : range.first;
        range.last = c->spans[to].last > range.last ? c->spans[to].last : range.last;
    }
    insert_span(r, c, from, to - from, range);
}

/* How many rows of the route table it would need: sources x PPIDs x stream ranges, twice if for both
 * deliveries.
 */
static uint64_t unfold(const struct reach *r, const struct cfg_route *route)
{
    uint64_t ppids = route->ppid_count ? route->ppid_count : 1;
    uint64_t rows = ppids * route->from_count * (route->stream_count ? route->stream_count : 1);
    return route->delivery == CFG_EITHER ? rows << r->splits : rows;
}

/* One source (or its ordered or unordered messages) and PPID of a route. True if the route gets any of its
 * messages; else *line is that of the route that takes them. */
static bool walk_ppid(struct reach *r, const struct cfg_route *route, unsigned side, uint64_t ppid,
                      unsigned *line)
{
    const struct cover *others = find_cover(r, side, OTHER_PPIDS);
    const struct cover *same = ppid == OTHER_PPIDS ? NULL : find_cover(r, side, ppid);
    const struct cfg_range *streams = route->stream_count ? route->streams : &all_streams;
    unsigned count = route->stream_count ? route->stream_count : 1;
    bool gets = false;

    for (unsigned i = 0; i < count; i++)
        gets |= !is_taken(others, same, streams[i]);
    if (!gets) {
        unsigned first = others && (!same || others->line < same->line) ? others->line : same->line;
        *line = first < *line ? first : *line;
        return false;
    }
    struct cover *mine = make_cover(r, side, ppid, route->line);
    for (unsigned i = 0; i < count; i++)
        take(r, mine, streams[i]);
    return true;
}

static bool walk_side(struct reach *r, const struct cfg_route *route, unsigned side, unsigned *line)
{
    bool gets = false;
    if (route->ppid_count == 0)
        return walk_ppid(r, route, side, OTHER_PPIDS, line);
    for (unsigned i = 0; i < route->ppid_count; i++)
        gets |= walk_ppid(r, route, side, route->ppids[i], line);
    return gets;
}

static bool walk_source(struct reach *r, const struct cfg_route *route, unsigned source, unsigned *line)
{
    bool gets = false;
    if (route->delivery != CFG_UNORDERED)
        gets |= walk_side(r, route, source << r->splits, line);
    if (r->splits && route->delivery != CFG_ORDERED)
        gets |= walk_side(r, route, (source << 1) + 1, line);
    return gets;
}

static void check_partner(struct reach *r, const struct cfg_route *route, unsigned listener,
                          struct cfg_place at)
{
    const struct cfg_config *c = r->l->config;
    const struct cfg_route *first = r->partner[listener];
    if (!first)
        r->partner[listener] = route;
    else if (first->group != route->group)
        err_add(&r->l->errors, at,
                "to: clients of listener '%s' already have their partner in '%s' (route in line %u), and can "
                "have only "
                "one; write to: %s, session: shared, or another listener",
                c->listeners[listener].name, c->groups[first->group].name, first->line,
                c->groups[first->group].name);
}

static void walk_route(struct reach *r, unsigned index)
{
    const struct cfg_config *c = r->l->config;
    const struct cfg_route *route = &c->routes[index];
    struct cfg_place at = origin_place(&r->l->routes[index], CFG_KEY_ROUTE_TO);
    unsigned line = UINT32_MAX;
    bool gets = false;

    for (unsigned i = 0; i < route->from_count; i++) {
        struct cfg_member m = route->from[i];
        bool is_listener = m.kind == CFG_MEMBER_LISTENER;
        if (!walk_source(r, route, is_listener ? m.index : c->listener_count + m.index, &line))
            continue;
        gets = true;
        if (is_listener && route->session == CFG_PAIRED)
            check_partner(r, route, m.index, at);
    }
    if (!gets)
        err_add(
            &r->l->errors, r->l->routes[index].at,
            "this route gets no messages, because earlier ones (from line %u on) take all of them; move it "
            "up, narrow "
            "them, or remove it",
            line);
}

static void keep_cover(void *cover)
{
    (void)cover; /* in the arena */
}

void check_reach(struct loader *l)
{
    const struct cfg_config *c = l->config;
    struct reach r = {.l = l};
    r.partner = arena_array(&l->scratch, c->listener_count, sizeof *r.partner);
    uint64_t unfolded = 0;
    unsigned i = 0;
    for (unsigned k = 0; k < c->route_count; k++)
        r.splits |= c->routes[k].delivery != CFG_EITHER;
    for (; i < c->route_count && !err_is_full(&l->errors); i++) {
        if (l->routes[i].bad || c->routes[i].otherwise)
            continue;
        unfolded += unfold(&r, &c->routes[i]);
        if (unfolded > UNFOLDED_MAX)
            break;
        walk_route(&r, i);
    }
    tdestroy(r.covers, keep_cover);
    if (unfolded > UNFOLDED_MAX)
        err_add(&l->errors, l->routes[i].at,
                "the routes up to this one expand to more than %d combinations of source, PPID and stream "
                "range; write ranges "
                "instead of single streams, and `any` instead of long lists",
                UNFOLDED_MAX);
}
