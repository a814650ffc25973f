/* The number of an association, by which messages name it while they wait, wherever that is. It is unique as
 * long as the broker runs: the worker with which it began and a count from 1. People see it as "0-17". */
#ifndef JUNCTOR_ROUTING_ORIGIN_H
#define JUNCTOR_ROUTING_ORIGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RT_ORIGIN_BITS 48 /* of the count; the index of the worker is in the bits above */

static inline uint64_t rt_origin(uint32_t worker, uint64_t count)
{
    return (uint64_t)worker << RT_ORIGIN_BITS | count;
}

/* The worker with which it began; which one has it now: owners.h. */
static inline uint32_t rt_origin_worker(uint64_t origin)
{
    return (uint32_t)(origin >> RT_ORIGIN_BITS);
}

/* "0-17". Returns `out`. */
#define RT_ORIGIN_TEXT 32
const char *rt_origin_format(uint64_t origin, char out[RT_ORIGIN_TEXT]);

/* The reverse; 0: the text is no such number. */
uint64_t rt_origin_parse(const char *text);

#ifdef __cplusplus
}
#endif
#endif
