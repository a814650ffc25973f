/* See owners.h. */
#include "routing/owners.h"

#include <stdlib.h>

#include "routing/origin.h"

struct rt_owners *rt_owners_new(uint32_t count)
{
    struct rt_owners *o = calloc(1, sizeof *o + count * sizeof o->list[0]);
    if (o)
        o->count = count;
    return o;
}

static int by_origin(const void *one, const void *other)
{
    uint64_t a = ((const struct rt_owner *)one)->origin, b = ((const struct rt_owner *)other)->origin;
    return (a > b) - (a < b);
}

void rt_owners_sort(struct rt_owners *o)
{
    qsort(o->list, o->count, sizeof o->list[0], by_origin);
}

uint32_t rt_owners_find(const struct rt_owners *o, uint64_t origin)
{
    const struct rt_owner wanted = {.origin = origin};
    const struct rt_owner *found =
        o ? bsearch(&wanted, o->list, o->count, sizeof o->list[0], by_origin) : NULL;
    return found ? found->worker : rt_origin_worker(origin);
}
