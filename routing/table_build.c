/* A route table is built axis by axis (table.c).
 *
 * The ends of all ranges, sorted, divide the streams into cells, none of which a range divides further. Then
 * the routes mark the cells in file order, each only those that are not marked yet; a chain of "next unmarked
 * one" skips the others, so each cell is marked once. n ranges cost n log n. */
#include <stdbool.h>
#include <stdlib.h>

#include "routing/table.h"
#include "routing/table_priv.h"

#define INDEX_ABOVE 16 /* spans; with fewer the index would not save a step worth its memory */

/* `route` matters on the axis of `key`. */
struct entry {
    uint64_t key; /* side, one bit for "any PPID", PPID */
    uint32_t route;
};

#define KEY(side, any, ppid) ((uint64_t)(side) << 33 | (uint64_t)(any) << 32 | (ppid))
#define KEY_SIDE(key)        ((uint32_t)((key) >> 33))
#define KEY_ANY(key)         ((bool)((key) >> 32 & 1))
#define KEY_PPID(key)        ((uint32_t)(key))

/* An array that grows. */
struct growing {
    void *items;
    size_t count, room;
};

struct paint {
    uint32_t route;
    uint16_t first, last;
};

struct builder {
    const struct cfg_config *config;
    struct rt_table *table;
    struct growing entries;            /* struct entry */
    struct growing paints, cuts, skip; /* of the axis being built: struct paint, uint32_t, uint32_t */
    struct growing cells;              /* and its spans, struct span */
    struct growing axes, spans, index; /* finished ones: struct axis, struct span, uint16_t */
};

/* Makes room for `more` items behind the last; NULL: out of memory. Does not count them. */
static void *grow(struct growing *g, size_t more, size_t size)
{
    size_t room = g->room;
    while (room < g->count + more)
        room = room ? room * 2 : 64;
    if (room != g->room) {
        void *items = reallocarray(g->items, room, size);
        if (!items)
            return NULL;
        g->items = items;
        g->room = room;
    }
    return (char *)g->items + g->count * size;
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->route > y->route) - (x->route < y->route);
}

/* How many routes are in the table: the configured ones, then those that are leaving, whose sources have
 * none of the others. */
static uint32_t places(const struct cfg_config *c)
{
    return cfg_ordered_routes(c) + c->leaving_count;
}

static const struct cfg_route *route_at(const struct builder *b, uint32_t place)
{
    return &b->config->routes[cfg_route_at(b->config, place)];
}

static bool add_entries(struct builder *b, uint32_t place, uint32_t side)
{
    const struct cfg_route *route = route_at(b, place);
    unsigned n = route->ppid_count ? route->ppid_count : 1;
    struct entry *e = grow(&b->entries, n, sizeof *e);
    if (!e)
        return false;
    for (unsigned p = 0; p < n; p++)
        e[p] = (struct entry){route->ppid_count ? KEY(side, 0, route->ppids[p]) : KEY(side, 1, 0), place};
    b->entries.count += n;
    return true;
}

static bool list_entries(struct builder *b)
{
    for (uint32_t r = 0; r < places(b->config); r++) {
        const struct cfg_route *route = route_at(b, r);
        for (unsigned f = 0; f < route->from_count; f++) {
            uint32_t ordered = side_of(b->table, rt_source(route->from[f]), false);
            if (route->delivery != CFG_UNORDERED && !add_entries(b, r, ordered))
                return false;
            if (b->table->splits && route->delivery != CFG_ORDERED && !add_entries(b, r, ordered + 1))
                return false;
        }
    }
    if (b->entries.count)
        qsort(b->entries.items, b->entries.count, sizeof(struct entry), compare_entries);
    return true;
}

/* The ranges that `count` entries of one key mark, in file order. A route for all streams is the last one:
 * no later route gets a stream. */
static bool list_paints(struct builder *b, const struct entry *e, size_t count)
{
    b->paints.count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct cfg_route *route = route_at(b, e[i].route);
        unsigned n = route->stream_count ? route->stream_count : 1;
        struct paint *p = grow(&b->paints, n, sizeof *p);
        if (!p)
            return false;
        b->paints.count += n;
        if (!route->stream_count) {
            *p = (struct paint){e[i].route, 0, STREAMS - 1};
            return true;
        }
        for (unsigned s = 0; s < n; s++)
            p[s] = (struct paint){e[i].route, route->streams[s].first, route->streams[s].last};
    }
    return true;
}

/* Every stream at which a range starts or the one before it has ended, sorted, without duplicates, and 0
 * and STREAMS. */
static bool list_cuts(struct builder *b)
{
    const struct paint *p = b->paints.items;
    b->cuts.count = 0;
    uint32_t *cuts = grow(&b->cuts, b->paints.count * 2 + 2, sizeof *cuts);
    if (!cuts)
        return false;
    size_t n = 0;
    cuts[n++] = 0;
    cuts[n++] = STREAMS;
    for (size_t i = 0; i < b->paints.count; i++) {
        cuts[n++] = p[i].first;
        cuts[n++] = (uint32_t)p[i].last + 1;
    }
    qsort(cuts, n, sizeof *cuts, compare_u32);
    size_t unique = 0;
    for (size_t i = 0; i < n; i++)
        if (!unique || cuts[i] != cuts[unique - 1])
            cuts[unique++] = cuts[i];
    b->cuts.count = unique;
    return true;
}

/* The first unmarked cell from `i` on; shortens the chain it follows. */
static uint32_t next_unpainted(uint32_t *skip, uint32_t i)
{
    while (skip[i] != i) {
        skip[i] = skip[skip[i]];
        i = skip[i];
    }
    return i;
}

/* Marks the cells between the cuts; cells[i] is the one that starts at cuts[i]. */
static bool paint_cells(struct builder *b)
{
    const uint32_t *cuts = b->cuts.items;
    size_t n = b->cuts.count - 1;
    b->cells.count = b->skip.count = 0;
    struct span *cells = grow(&b->cells, n, sizeof *cells);
    uint32_t *skip = grow(&b->skip, n + 1, sizeof *skip);
    if (!cells || !skip)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        cells[i] = (struct span){RT_NO_ROUTE, (uint16_t)cuts[i]};
        skip[i] = i;
    }
    skip[n] = (uint32_t)n; /* the end: never marked */
    const struct paint *p = b->paints.items;
    for (size_t k = 0; k < b->paints.count; k++) {
        uint32_t first = p[k].first;
        const uint32_t *cut = bsearch(&first, cuts, n, sizeof *cuts, compare_u32);
        uint32_t i = next_unpainted(skip, (uint32_t)(cut - cuts));
        while (i < n && cuts[i] <= p[k].last) {
            cells[i].route = p[k].route;
            skip[i] = i + 1;
            i = next_unpainted(skip, i);
        }
    }
    b->cells.count = n;
    return true;
}

/* Joins neighbouring cells with the same route into one span. */
static void merge_cells(struct builder *b)
{
    struct span *cells = b->cells.items;
    size_t n = 0;
    for (size_t i = 0; i < b->cells.count; i++)
        if (!n || cells[i].route != cells[n - 1].route)
            cells[n++] = cells[i];
    b->cells.count = n;
}

static bool add_index(struct builder *b, const struct span *spans, uint32_t count)
{
    uint16_t *block = grow(&b->index, BLOCKS + 1, sizeof *block);
    if (!block)
        return false;
    uint32_t s = 0;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        while (s + 1 < count && spans[s + 1].first <= i << BLOCK_SHIFT)
            s++;
        block[i] = (uint16_t)s;
    }
    block[BLOCKS] = (uint16_t)(count - 1);
    b->index.count += BLOCKS + 1;
    return true;
}

static bool add_axis(struct builder *b, struct answer *out)
{
    const struct span *cells = b->cells.items;
    size_t n = b->cells.count;
    struct axis *axis = grow(&b->axes, 1, sizeof *axis);
    struct span *spans = grow(&b->spans, n, sizeof *spans);
    if (!axis || !spans || b->spans.count + n > UINT32_MAX || b->index.count + BLOCKS + 1 > NO_INDEX)
        return false;
    *axis = (struct axis){(uint32_t)b->spans.count, (uint32_t)n, NO_INDEX};
    if (n > INDEX_ABOVE) {
        axis->index = (uint32_t)b->index.count;
        if (!add_index(b, cells, (uint32_t)n))
            return false;
    }
    for (size_t i = 0; i < n; i++)
        spans[i] = cells[i];
    b->spans.count += n;
    *out = (struct answer){RT_NO_ROUTE, (uint32_t)b->axes.count++};
    return true;
}

static bool resolve(struct builder *b, const struct entry *e, size_t count, struct answer *out)
{
    if (!list_paints(b, e, count) || !list_cuts(b) || !paint_cells(b))
        return false;
    merge_cells(b);
    if (b->cells.count == 1) {
        *out = (struct answer){((const struct span *)b->cells.items)->route, NO_AXIS};
        return true;
    }
    return add_axis(b, out);
}

static void insert(struct rt_table *t, uint32_t side, uint32_t ppid, struct answer answer)
{
    uint64_t i = hash(side, ppid) & t->mask;
    while (t->slots[i].side != NO_SIDE)
        i = (i + 1) & t->mask;
    t->slots[i] = (struct slot){side, ppid, answer};
}

static bool make_slots(struct rt_table *t, size_t keys)
{
    size_t n = 8;
    while (n < keys * 2)
        n *= 2;
    t->slots = reallocarray(NULL, n, sizeof *t->slots);
    if (!t->slots)
        return false;
    for (size_t i = 0; i < n; i++)
        t->slots[i].side = NO_SIDE;
    t->mask = n - 1;
    return true;
}

static bool make_any(struct rt_table *t, const struct cfg_config *c)
{
    t->sources = rt_source_count(c);
    for (uint32_t i = 0; i < places(c); i++)
        t->splits |= c->routes[cfg_route_at(c, i)].delivery != CFG_EITHER;
    uint32_t sides = t->sources << t->splits;
    t->any = reallocarray(NULL, sides ? sides : 1, sizeof *t->any);
    if (!t->any)
        return false;
    for (uint32_t i = 0; i < sides; i++)
        t->any[i] = (struct answer){RT_NO_ROUTE, NO_AXIS};
    return true;
}

static bool list_ids(struct rt_table *t, const struct cfg_config *c)
{
    if (!c->route_order)
        return true;
    t->ids = reallocarray(NULL, places(c) + 1, sizeof *t->ids);
    for (unsigned i = 0; t->ids && i < places(c); i++)
        t->ids[i] = c->route_order[i];
    return t->ids;
}

static bool fill(struct builder *b)
{
    struct rt_table *t = b->table;
    if (!list_ids(t, b->config) || !make_any(t, b->config) || !list_entries(b))
        return false;
    const struct entry *e = b->entries.items;
    size_t n = b->entries.count, keys = 0;
    for (size_t i = 0; i < n; i++)
        keys += i == 0 || e[i].key != e[i - 1].key;
    if (!make_slots(t, keys))
        return false;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && e[end].key == e[i].key;)
            end++;
        struct answer answer;
        if (!resolve(b, e + i, end - i, &answer))
            return false;
        if (KEY_ANY(e[i].key))
            t->any[KEY_SIDE(e[i].key)] = answer;
        else
            insert(t, KEY_SIDE(e[i].key), KEY_PPID(e[i].key), answer);
    }
    return true;
}

struct rt_table *rt_table_build(const struct cfg_config *c)
{
    struct builder b = {.config = c, .table = calloc(1, sizeof *b.table)};
    if (!b.table)
        return NULL;
    bool done = fill(&b);
    b.table->axes = b.axes.items;
    b.table->spans = b.spans.items;
    b.table->index = b.index.items;
    free(b.entries.items);
    free(b.paints.items);
    free(b.cuts.items);
    free(b.skip.items);
    free(b.cells.items);
    if (done)
        return b.table;
    rt_table_free(b.table);
    return NULL;
}
