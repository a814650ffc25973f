/* Random numbers that are reproducible from a seed: splitmix64. Not for secrets. Pure; a state belongs to one
 * thread. */
#ifndef JUNCTOR_BENCH_RANDOM_H
#define JUNCTOR_BENCH_RANDOM_H

#include <stdint.h>

struct bench_random {
    uint64_t state; /* any value is a seed */
};

static inline uint64_t bench_random_next(struct bench_random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Uniform in [0, 1). */
static inline double bench_random_unit(struct bench_random *r)
{
    return (double)(bench_random_next(r) >> 11) * 0x1p-53;
}

#endif
