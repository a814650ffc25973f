/* When messages came; see trail.h. */
#include "bench/trail.h"

#include <string.h>

#define SHIFT_FIRST 20 /* slots of a millisecond */

void bench_trail_init(struct bench_trail *t, uint64_t start_ns)
{
    memset(t, 0, sizeof *t);
    t->start_ns = start_ns;
    t->shift = SHIFT_FIRST;
}

static void slot_add(struct bench_trail_slot *s, const struct bench_trail_slot *other)
{
    if (!other->first)
        return;
    if (!s->first || other->first < s->first)
        s->first = other->first;
    if (other->last > s->last)
        s->last = other->last;
}

/* Makes slots twice as long. */
static void coarsen(struct bench_trail *t)
{
    for (unsigned i = 0; i < BENCH_TRAIL_SLOTS; i++) {
        struct bench_trail_slot one = t->slots[i];
        t->slots[i] = (struct bench_trail_slot){0};
        slot_add(&t->slots[i / 2], &one);
    }
    t->shift++;
}

void bench_trail_add(struct bench_trail *t, uint64_t ns)
{
    uint64_t since = ns > t->start_ns ? ns - t->start_ns : 0;

    while (since >> t->shift >= BENCH_TRAIL_SLOTS)
        coarsen(t);
    slot_add(&t->slots[since >> t->shift], &(struct bench_trail_slot){ns, ns});
}

void bench_trail_merge(struct bench_trail *into, struct bench_trail *from)
{
    while (into->shift < from->shift)
        coarsen(into);
    while (from->shift < into->shift)
        coarsen(from);
    for (unsigned i = 0; i < BENCH_TRAIL_SLOTS; i++)
        slot_add(&into->slots[i], &from->slots[i]);
}

uint64_t bench_trail_gap(const struct bench_trail *t, uint64_t *at_ns)
{
    uint64_t longest = 0, last = 0;

    *at_ns = 0;
    for (unsigned i = 0; i < BENCH_TRAIL_SLOTS; i++) {
        const struct bench_trail_slot *s = &t->slots[i];
        if (!s->first)
            continue;
        if (last && s->first - last > longest) {
            longest = s->first - last;
            *at_ns = s->first;
        }
        last = s->last;
    }
    return longest;
}
