/* See rewrite.h. */
#include "routing/rewrite.h"

#include "routing/hash_priv.h"

static uint16_t next_in_turn(uint16_t granted, uint16_t *turn)
{
    uint16_t stream = *turn < granted ? *turn : 0; /* there may be fewer than before */
    *turn = (uint16_t)(stream + 1);
    return stream;
}

uint16_t rt_rewrite_stream(const struct cfg_route *r, uint64_t origin, uint16_t stream, uint16_t granted,
                           uint16_t *turn)
{
    switch (r->set_stream.rule) {
    case CFG_SAME_STREAM:
        break;
    case CFG_FIXED_STREAM:
        return r->set_stream.number;
    case CFG_HASHED_STREAM:
        return (uint16_t)(rt_mix(rt_mix(origin) + stream) % granted);
    case CFG_SPREAD_STREAM:
        return next_in_turn(granted, turn);
    }
    return stream;
}
