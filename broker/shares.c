/* See shares.h. */
#include "broker/shares.h"

#include <unistd.h>

#include "broker/log.h"
#include "broker/moving.h"
#include "routing/snapshot.h"

/* Steps that are due sooner are taken together. */
#define PAUSE_MS 20

void brk_shares_settle(struct brk_shares *s, const struct rt_snapshot *before, struct rt_members *m,
                       struct brk_moving *v, struct brk_joining *j, uint64_t now_ms)
{
    struct rt_snapshot *after;
    rt_members_settle(m, now_ms);
    while (!(after = rt_snapshot_build(m, before->plan, before->version))) {
        brk_log(CFG_LOG_ERROR, "no_memory", "text=\"group changes are delayed\"");
        usleep(10000); /* it must be carried out; memory may become available */
    }
    brk_moving_shift(v, before, after, m, j);
    rt_snapshot_free(after);
    s->changed = false;
}

void brk_shares_plan(struct brk_shares *s, const struct rt_members *m, uint64_t now_ms)
{
    s->due_ms = rt_members_due_ms(m);
    if (s->due_ms < now_ms + PAUSE_MS)
        s->due_ms = now_ms + PAUSE_MS;
}
