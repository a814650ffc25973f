/* The addresses of --to; see target.h. */
#include "bench/target.h"

#include <string.h>

bool bench_target_find(struct bench_target *t, const struct bench_plan *plan)
{
    *t = (struct bench_target){.plan = plan, .attempts = 1, .end = plan->to};
    if (!plan->to.name[0])
        return true;
    if (tr_resolve(plan->to.name, plan->to.port, (int)plan->connect_ms, &t->found) != TR_OK)
        return false;
    t->attempts = t->found.count;
    return true;
}

bool bench_target_next(struct bench_target *t, const struct tr_backend *backend)
{
    struct net_addr list[TR_RESOLVE_MAX];
    const struct bench_end *from = &t->plan->from;

    if (t->attempt == t->attempts)
        return false;
    if (t->plan->to.name[0]) {
        memcpy(list, t->found.addresses, sizeof list);
        unsigned count =
            tr_choose_addresses(backend, from->addresses, from->count, t->attempt, list, t->found.count);
        t->end.count = count < BENCH_ADDRESSES_MAX ? count : BENCH_ADDRESSES_MAX;
        memcpy(t->end.addresses, list, t->end.count * sizeof list[0]);
        if (count == 0)
            return false;
    }
    t->attempt++;
    return true;
}
