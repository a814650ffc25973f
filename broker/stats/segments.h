/* An array that grows without moving: items keep their addresses, so that one thread may make it grow
 * while others use what they know to exist.
 *
 * Segment k holds 64 * 2^k items; a segment stays until the end. An item is found by a shift, without a
 * search.
 *
 * Threads: only one thread at a time calls brk_segments_fit. Any thread may call brk_segments_at with an
 * index that it learnt after the call that made room for it (for example from a plan published
 * afterwards). */
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
/* Makes room for `count` items, new ones zeroed. False: out of memory; existing items stay. */
bool brk_segments_fit(struct brk_segments *s, unsigned count);
void brk_segments_free(struct brk_segments *s);

static inline void *brk_segments_at(const struct brk_segments *s, unsigned i)
{
    unsigned n = i / BRK_SEGMENT_FIRST + 1, k = 31 - (unsigned)__builtin_clz(n);
    return s->segment[k] + (i - BRK_SEGMENT_FIRST * ((1u << k) - 1)) * s->item;
}

#endif
