/* When the members of a group get other shares while the plan stays: a state has changed (states.h), a slow
 * start goes on, a preferred member returns, one is ejected.
 *
 * The shares are settled in place (rt_members_settle), and what that moves from one destination to another
 * goes there in order, as in a reload (moving.h). Everything here is the control thread's. */
#ifndef JUNCTOR_BROKER_SHARES_H
#define JUNCTOR_BROKER_SHARES_H

#include <stdbool.h>
#include <stdint.h>

struct brk_joining;
struct brk_moving;
struct rt_members;
struct rt_snapshot;

struct brk_shares {
    bool changed;    /* something else than time has changed */
    uint64_t due_ms; /* when time changes something next; UINT64_MAX: never */
};

static inline bool brk_shares_due(const struct brk_shares *s, uint64_t now_ms)
{
    return s->changed || now_ms >= s->due_ms;
}

/* `before`: the published snapshot, whose plan is in force. Holds the groups that have to wait, and asks the
 * destinations they wait for. Afterwards a snapshot is to be published. */
void brk_shares_settle(struct brk_shares *s, const struct rt_snapshot *before, struct rt_members *m,
                       struct brk_moving *v, struct brk_joining *j, uint64_t now_ms);

/* The members have changed: says when time changes something next. */
void brk_shares_plan(struct brk_shares *s, const struct rt_members *m, uint64_t now_ms);

#endif
