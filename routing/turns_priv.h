/* Turns in proportion to weights, spread evenly.
 *
 * The candidates' shares are laid side by side on a circle. Each turn goes on by a golden section of the
 * circle, and to whose share it then points. So any few turns in a row are far apart, and after n turns each
 * candidate has had its share of n, give or take two or three (the discrepancy of that sequence grows with
 * log n, and slowly). */
#ifndef JUNCTOR_ROUTING_TURNS_PRIV_H
#define JUNCTOR_ROUTING_TURNS_PRIV_H

#include <stdint.h>

/* Where turn n points to; the circle has 2^32 places. */
static inline uint32_t rt_turn_place(uint32_t n)
{
    return n * UINT32_C(2654435769);
}

/* Where the share ends that reaches from the beginning of the circle to `upto` of `total`. */
static inline uint32_t rt_turn_end(uint64_t upto, uint64_t total)
{
    uint64_t end = (upto << 32) / total; /* weights and their number are far below 2^32 */
    return end > UINT32_MAX ? UINT32_MAX : (uint32_t)end;
}

#endif
