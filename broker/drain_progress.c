/* See drain_progress.h. */
#include "broker/drain_progress.h"

#include <stdatomic.h>

#include "broker/state.h"
#include "broker/stats/counts.h"

bool brk_all_reached(const struct brk_broker *b, int progress)
{
    for (unsigned i = 0; i < b->worker_count; i++)
        if (atomic_load_explicit(&b->workers[i]->progress, memory_order_acquire) < progress)
            return false;
    return true;
}

bool brk_all_settled(const struct brk_broker *b, int progress)
{
    uint64_t taken = 0, handed_out = 0;
    for (unsigned i = 0; i < b->worker_count; i++)
        taken += atomic_load_explicit(&b->workers[i]->reported_taken, memory_order_acquire);
    if (!brk_all_reached(b, progress))
        return false;
    for (unsigned i = 0; i < b->worker_count; i++)
        handed_out += brk_counted(&b->workers[i]->counts.handed_out);
    return taken == handed_out;
}

uint64_t brk_open_associations(const struct brk_broker *b)
{
    uint64_t opened = 0, ended = 0;
    for (unsigned i = 0; i < b->worker_count; i++) {
        const struct brk_counts *n = &b->workers[i]->counts;
        ended += brk_counted(&n->closed) + brk_counted(&n->lost);
        opened += brk_counted(&n->opened);
    }
    return opened > ended ? opened - ended : 0;
}
