/* The control thread's part in what changes the shares of members while the plan stays: the states that an
 * operator gives them (states.h), and an adaptation code point that is announced late. Where the shares are
 * settled and published is in control.c. */
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
