/* With `peeloff: busy` associations share their listener's socket while they bring little. What they share is
 * its receive buffer, and on Linux a buffer that is full stops everybody who shares it: it drops what
 * arrives, and each drop costs a retransmission timeout (transport/README.md). So what is measured is how
 * much of that buffer is used, and two bounds hold, each in every interval of BRK_BUSY_MS:
 *
 *   one association   brings at most a sixteenth of the buffer,
 *   all together      bring at most a half of it: from there on whoever brings a message is peeled off, so
 *                     that those stay who have little to say.
 *
 * So the buffer is not filled even if the worker does not read for an interval, by those who go on as they
 * did. Who begins to send much at once is peeled off with the first batch that shows it; until then its own
 * window, a quarter of what its own buffer will be (window.c), bounds it, as it does before an association
 * is accepted.
 *
 * An association is not put back on the shared socket: the stacks cannot do that. */
#include "broker/busy.h"

enum { ONE = 16, ALL = 2 }; /* parts of the buffer */

static uint64_t add(struct brk_carried *c, uint64_t interval, uint64_t cost)
{
    if (c->interval != interval)
        *c = (struct brk_carried){.interval = interval};
    return c->cost += cost;
}

bool brk_busy_takes(struct brk_carried *one, struct brk_carried *all, uint64_t now_ms, uint32_t len,
                    int64_t buffer)
{
    uint64_t interval = now_ms / BRK_BUSY_MS, cost = (uint64_t)len + BRK_BUSY_CHARGE;
    uint64_t by_one = add(one, interval, cost), by_all = add(all, interval, cost);
    return by_one > (uint64_t)buffer / ONE || by_all > (uint64_t)buffer / ALL;
}
