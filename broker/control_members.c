/* The control thread's part in what changes the shares of members while the plan stays: states.h. Where the
 * shares are settled and published is in control.c. And what is asked of it: how far it is, whether workers
 * are to be balanced. */
#include "broker/control_priv.h"

#include <utlist.h>

#include "broker/clock.h"
#include "broker/dest.h"
#include "broker/health.h"
#include "broker/states.h"

void brk_control_set_state(struct brk_control *c, struct cfg_member m, enum cfg_state state)
{
    brk_states_set(c->broker, c->members, m, state, brk_now_ms());
    c->states_changed = c->shares.changed = true;
}

bool brk_control_settled(const struct brk_control *c, struct cfg_member m)
{
    const struct brk_dest *d;
    if (c->shares.changed || c->moving.awaited)
        return false;
    DL_FOREACH(c->dests, d)
    if (cfg_same_member(d->dest.member, m) && brk_state(c->broker, m) == CFG_MAINT)
        return false;
    return true;
}

uint64_t brk_control_due_ms(const struct brk_control *c)
{
    uint64_t back_ms = brk_eject_due_ms(&c->eject);
    if (c->shares.changed)
        return 0;
    return back_ms < c->shares.due_ms ? back_ms : c->shares.due_ms;
}

void brk_control_adapted(struct brk_control *c, struct brk_dest *d)
{
    d->dest.adapted = true;
    d->dest.adaptation = d->told_adaptation;
    if (d->removed || d->joins)
        return;
    if (!rt_members_refit(c->members, &d->dest))
        brk_log(CFG_LOG_ERROR, "no_memory", "text=\"a destination does not join its groups\"");
    c->shares.changed = true;
}

bool brk_control_draining(const struct brk_control *c)
{
    return c->phase != BRK_RUNNING;
}

bool brk_control_cut_short(const struct brk_control *c)
{
    return c->cut_short;
}

/* ---- between workers ------------------------------------------------------------------------------ */

void brk_control_balance(struct brk_control *c, const uint32_t *busy)
{
    if (c->phase == BRK_RUNNING && c->reload.step == BRK_RELOAD_NONE && !brk_owners_busy(&c->owners))
        brk_balance_turn(&c->balance, c->broker, busy, brk_now_ms());
}
