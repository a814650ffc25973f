/* Where --to leads; see target.h. */
#include "bench/target.h"

#include <stdio.h>
#include <string.h>

static unsigned choose(struct bench_target *t, unsigned attempt, struct net_addr list[TR_RESOLVE_MAX])
{
    memcpy(list, t->found.addresses, sizeof t->found.addresses);
    return tr_choose_addresses(t->backend, t->plan->from.addresses, t->plan->from.count, attempt, list,
                               t->found.count);
}

bool bench_target_find(struct bench_target *t, const struct bench_plan *plan,
                       const struct tr_backend *backend, char *why, size_t size)
{
    struct net_addr list[TR_RESOLVE_MAX];

    *t = (struct bench_target){.plan = plan, .backend = backend, .attempts = 1, .end = plan->to};
    if (!plan->to.name[0])
        return true;
    if (tr_resolve(plan->to.name, plan->to.port, (int)plan->connect_ms, &t->found) != TR_OK) {
        snprintf(why, size, "--to: %s", t->found.error.text);
        return false;
    }
    t->attempts = t->found.count;
    if (choose(t, 0, list) == 0) {
        snprintf(why, size, "--to: %s has no address that --from can reach; give --from another address",
                 plan->to.name);
        return false;
    }
    return true;
}

bool bench_target_next(struct bench_target *t)
{
    struct net_addr list[TR_RESOLVE_MAX];

    if (t->attempt == t->attempts)
        return false;
    if (t->plan->to.name[0]) {
        t->end.count = choose(t, t->attempt, list);
        if (t->end.count > BENCH_ADDRESSES_MAX)
            t->end.count = BENCH_ADDRESSES_MAX;
        memcpy(t->end.addresses, list, t->end.count * sizeof list[0]);
    }
    t->attempt++;
    return true;
}
