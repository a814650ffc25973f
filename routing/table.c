/* The route table: first-match rules, compiled into something that is searched in constant time.
 *
 * There are two kinds of axes. An axis is the range of stream numbers 0 … 65535, divided into spans, each
 * with the first route in file order that takes it. Every (source, PPID) named by routes has an axis made
 * of just those routes; every source has one more made of its routes that take any PPID. The route for a
 * message is the smaller of the two answers; RT_NO_ROUTE is larger than any route. Merging the second kind
 * into the first would save a search, but a file with n routes for exact PPIDs and m stream ranges for any
 * PPID would need n × m spans.
 *
 * Where some route is for ordered or for unordered messages only, each source counts as two (`sides`), one
 * for either kind, and a route for both is entered at both. Other tables are searched as if there were no
 * such thing.
 *
 * Searching an axis: most have one span and store the route in place. One with many has an index of blocks
 * of 256 streams (each entry is the span that the block's first stream is in), so a binary search covers
 * at most the 256 spans of one block: eight steps, however many routes there are.
 *
 * The hash table uses open addressing over 16-byte slots, is at most half full, and never changes: one
 * cache line answers most look-ups. A general hash table (uthash) would follow pointers and allocate for
 * each entry. */
#include "routing/table.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "routing/table_priv.h"

/* The first route in the file that fits, by its place there. */
static uint32_t find_place(const struct rt_table *t, uint32_t side, uint32_t ppid, uint16_t stream)
{
    uint32_t any = answer_find(t, t->any[side], stream);
    for (uint64_t i = hash(side, ppid) & t->mask;; i = (i + 1) & t->mask) {
        const struct slot *s = &t->slots[i];
        if (s->side == side && s->ppid == ppid) {
            uint32_t exact = answer_find(t, s->answer, stream);
            return exact < any ? exact : any;
        }
        if (s->side == NO_SIDE)
            return any;
    }
}

uint32_t rt_table_find(const struct rt_table *t, uint32_t source, uint32_t ppid, uint16_t stream,
                       bool unordered)
{
    assert(source < t->sources);
    return id_of(t, find_place(t, side_of(t, source, unordered), ppid, stream));
}

void rt_table_free(struct rt_table *t)
{
    if (!t)
        return;
    free(t->slots);
    free(t->any);
    free(t->axes);
    free(t->spans);
    free(t->index);
    free(t->ids);
    free(t);
}
