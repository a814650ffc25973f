/* See origin.h. */
#include "routing/origin.h"

#include <inttypes.h>
#include <stdio.h>

#define COUNT_MASK ((UINT64_C(1) << RT_ORIGIN_BITS) - 1)

const char *rt_origin_format(uint64_t origin, char out[RT_ORIGIN_TEXT])
{
    snprintf(out, RT_ORIGIN_TEXT, "%" PRIu32 "-%" PRIu64, rt_origin_worker(origin), origin & COUNT_MASK);
    return out;
}

uint64_t rt_origin_parse(const char *text)
{
    unsigned worker;
    unsigned long long count;
    int end = 0;
    if (sscanf(text, "%5u-%15llu%n", &worker, &count, &end) != 2 || text[end] || worker > UINT16_MAX ||
        !count || count > COUNT_MASK)
        return 0;
    return rt_origin(worker, count);
}
