/* When messages came, in constant memory, so that the longest time without one can be found for several
 * receivers together.
 *
 * The longest gap of each receiver says little about the gap of all: another one may have received in the
 * middle of it. So each receiver keeps, for every slot of time, when the first and the last message in it
 * came; bench_trail_merge combines them. A slot is a millisecond at first; whenever the slots are used up,
 * pairs of them become one. The longest gap is exact unless it is shorter than a slot (a millisecond up to 65
 * s, 64 ms up to an hour); then a gap that lies within one slot is not seen.
 *
 * Pure; belongs to one thread. */
#ifndef JUNCTOR_BENCH_TRAIL_H
#define JUNCTOR_BENCH_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_TRAIL_SLOTS 65536u

struct bench_trail_slot {
    uint64_t first, last; /* 0: nothing came */
};

struct bench_trail {
    uint64_t start_ns; /* of the first slot; 0: none is in use */
    unsigned shift;    /* a slot is 2^shift nanoseconds long */
    struct bench_trail_slot slots[BENCH_TRAIL_SLOTS];
};

/* Makes it empty. `start_ns` is the time of the first slot: nothing comes before it. */
void bench_trail_init(struct bench_trail *t, uint64_t start_ns);

/* A message came. `ns` is at least start_ns. */
void bench_trail_add(struct bench_trail *t, uint64_t ns);

/* Adds what another one has; both began at the same time. `from` may be made coarser. */
void bench_trail_merge(struct bench_trail *into, struct bench_trail *from);

/* The longest time between two messages, and when it ended; 0 if there are fewer than two. */
uint64_t bench_trail_gap(const struct bench_trail *t, uint64_t *at_ns);

#ifdef __cplusplus
}
#endif
#endif
