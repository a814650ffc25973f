/* One good 64-bit mixer for everything in routing/ that hashes: each bit of the input changes about half
 * of the bits of the result, so that similar PPIDs, streams and pointers end up far apart. */
#ifndef JUNCTOR_ROUTING_HASH_PRIV_H
#define JUNCTOR_ROUTING_HASH_PRIV_H

#include <math.h>
#include <stdint.h>

#include "config/config.h"

/* The output step of SplitMix64 (Steele, Lea and Flood 2014). */
static inline uint64_t rt_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Rendezvous hashing: each candidate has a seed, and for each key the candidate with the largest weight is
 * chosen. A member has the same seed in every group; `which` distinguishes several destinations of one
 * member. */
static inline uint64_t rt_seed(struct cfg_member m, uint64_t which)
{
    return rt_mix(rt_mix((uint64_t)m.kind << 32 | m.index) + which);
}

static inline uint64_t rt_weight(uint64_t key, uint64_t seed)
{
    return rt_mix(key ^ seed);
}

/* Where candidates are not to get equal shares: the one with the smallest cost is chosen, and gets a share in
 * proportion to `share`, which is above 0. (The first of several Poisson processes of these rates; with equal
 * shares it is the one with the largest weight.) */
static inline double rt_cost(uint64_t weight, uint32_t share)
{
    return -log(((double)(weight >> 11) + 0.5) * 0x1p-53) / share;
}

#endif
