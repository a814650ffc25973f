/* An array that grows and never moves: what stands in it keeps its address, so that one thread may add to it
 * while others use what they know is there.
 *
 * Segment k holds 64 * 2^k items; a segment once made stays until the end. An item is found with a shift and
 * no search.
 *
 * Threads: brk_segments_fit by one thread at a time. Any thread may call brk_segments_at with an index that
 * it was told of after the fit that made room for it (a plan that was published afterwards tells it). */
#ifndef JUNCTOR_BROKER_STATS_SEGMENTS_H
#define JUNCTOR_BROKER_STATS_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>

#define BRK_SEGMENT_FIRST 64u
#define BRK_SEGMENTS_MAX  24 /* a thousand million items */

struct brk_segments {
    size_t item; /* bytes */
    char *segment[BRK_SEGMENTS_MAX];
};

void brk_segments_init(struct brk_segments *s, size_t item);
/* Room for `count` items, new ones zeroed. False: out of memory; what is there stays. */
bool brk_segments_fit(struct brk_segments *s, unsigned count);
void brk_segments_free(struct brk_segments *s);

static inline void *brk_segments_at(const struct brk_segments *s, unsigned i)
{
    unsigned n = i / BRK_SEGMENT_FIRST + 1, k = 31 - (unsigned)__builtin_clz(n);
    return s->segment[k] + (i - BRK_SEGMENT_FIRST * ((1u << k) - 1)) * s->item;
}

#endif
