/* The inside of a route table: what table.c searches, table_build.c fills, and table_compare.c walks. */
#ifndef JUNCTOR_ROUTING_TABLE_PRIV_H
#define JUNCTOR_ROUTING_TABLE_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "routing/hash_priv.h"
#include "routing/table.h"

#define STREAMS     65536u
#define BLOCK_SHIFT 8
#define BLOCKS      (STREAMS >> BLOCK_SHIFT)

#define NO_AXIS  UINT32_MAX
#define NO_INDEX UINT32_MAX
#define NO_SIDE  UINT32_MAX

struct span {
    uint32_t route;
    uint16_t first; /* stream; up to the next span's first */
};

struct axis {
    uint32_t span, count; /* in rt_table.spans */
    uint32_t index;       /* of its BLOCKS + 1 entries in rt_table.index, or NO_INDEX */
};

/* The result for a (source, PPID). */
struct answer {
    uint32_t route; /* of all streams, if there is no axis */
    uint32_t axis;  /* or NO_AXIS */
};

struct slot {
    uint32_t side; /* NO_SIDE: empty */
    uint32_t ppid;
    struct answer answer;
};

struct rt_table {
    struct slot *slots;
    uint64_t mask;      /* slots - 1; their number is a power of two */
    struct answer *any; /* by side */
    uint32_t sources;
    uint32_t splits; /* 1: a source has two sides, ordered and unordered; 0: one */
    struct axis *axes;
    struct span *spans;
    uint16_t *index;
    uint32_t *ids; /* of the routes, by place in the file; NULL: the id of a route is its place */
};

static inline uint64_t hash(uint32_t side, uint32_t ppid)
{
    return rt_mix((uint64_t)side << 32 | ppid);
}

static inline uint32_t side_of(const struct rt_table *t, uint32_t source, bool unordered)
{
    return (source << t->splits) + (t->splits & unordered);
}

static inline uint32_t axis_find(const struct rt_table *t, const struct axis *a, uint16_t stream)
{
    const struct span *s = t->spans + a->span;
    uint32_t n = a->count;
    if (a->index != NO_INDEX) {
        const uint16_t *block = t->index + a->index + (stream >> BLOCK_SHIFT);
        s += block[0];
        n = (uint32_t)block[1] - block[0] + 1;
    }
    while (n > 1) {
        uint32_t half = n / 2;
        s += s[half].first <= stream ? half : 0;
        n -= half;
    }
    return s->route;
}

static inline uint32_t answer_find(const struct rt_table *t, struct answer a, uint16_t stream)
{
    return a.axis == NO_AXIS ? a.route : axis_find(t, &t->axes[a.axis], stream);
}

static inline uint32_t id_of(const struct rt_table *t, uint32_t place)
{
    return t->ids && place != RT_NO_ROUTE ? t->ids[place] : place;
}

#endif
