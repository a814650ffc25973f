/* The end of the broker, as control leads it. SIGTERM or SIGINT stops accepting and shuts the sources down
 * gracefully, so that what they have queued still arrives. When all workers have finished with that, those
 * are shut down that answer, and then the destinations (drain.c has the workers' part). When nothing is left,
 * or the deadline is over, or a second signal arrives, the workers stop. */
#include "broker/control.h"

#include <stdatomic.h>

#include "broker/clock.h"
#include "broker/control_priv.h"
#include "broker/drain.h"
#include "broker/drain_progress.h"
#include "broker/log.h"
#include "broker/notify.h"
#include "broker/owners.h"
#include "broker/state.h"
#include "broker/worker.h"
#include "config/config.h"
#include "routing/plan.h"

void brk_control_drain(struct brk_control *c, const char *reason, unsigned timeout_ms)
{
    if (c->phase != BRK_RUNNING) {
        brk_log(CFG_LOG_WARNING, "stopped_at_once", "text=\"second signal\"");
        c->stop = c->cut_short = true;
        return;
    }
    c->drain_ms =
        timeout_ms == BRK_DRAIN_AS_CONFIGURED ? c->broker->plan->config->drain_timeout_ms : timeout_ms;
    brk_log(CFG_LOG_INFO, "draining", "signal=%s timeout_ms=%u", reason, c->drain_ms);
    c->phase = BRK_DRAIN_SOURCES;
    atomic_store(&c->broker->draining, true);
    c->deadline_ms = brk_now_ms() + c->drain_ms;
    brk_notify_stopping(c->drain_ms);
    brk_command_all(c->broker, BRK_CMD_DRAIN_SOURCES);
}

void brk_control_drain_on(struct brk_control *c)
{
    bool busy = brk_owners_busy(&c->owners); /* an association is in no worker's account of itself */
    if (!busy && c->phase == BRK_DRAIN_SOURCES && brk_all_reached(c->broker, BRK_SOURCES_DONE)) {
        c->phase = BRK_DRAIN_BOTH;
        brk_command_all(c->broker, BRK_CMD_DRAIN_BOTH);
    }
    if (!busy && c->phase == BRK_DRAIN_BOTH && brk_all_settled(c->broker, BRK_BOTH_DONE)) {
        c->phase = BRK_DRAIN_ALL;
        brk_command_all(c->broker, BRK_CMD_DRAIN_ALL);
    }
    if (!busy && c->phase == BRK_DRAIN_ALL && brk_all_settled(c->broker, BRK_ALL_DONE)) {
        brk_log(CFG_LOG_INFO, "drained", "in_ms=%llu",
                (unsigned long long)(brk_now_ms() + c->drain_ms - c->deadline_ms));
        c->stop = true;
    } else if (brk_now_ms() + brk_abort_time_ms(c->drain_ms, brk_open_associations(c->broker)) >=
               c->deadline_ms) {
        brk_log(CFG_LOG_WARNING, "drain_timeout", "timeout_ms=%u", c->drain_ms);
        c->stop = c->cut_short = true;
    }
}

bool brk_control_draining(const struct brk_control *c)
{
    return c->phase != BRK_RUNNING;
}

bool brk_control_cut_short(const struct brk_control *c)
{
    return c->cut_short;
}
