/* How a reload, or a change of the members' shares (shares.h), moves streams from one destination to another
 * without newer messages arriving before older ones.
 *
 * A new plan may give a stream to another destination, because its group has other members or another mode,
 * or because its route leads to another group. Older messages of it may still wait for the former
 * destination, or be unacknowledged in its stack. If that one is lost later, they arrive at the new one
 * behind newer messages. So the former destinations are emptied first, like the members that a new member
 * takes over streams from (joining.h):
 *
 *   1. The snapshot with the new plan holds the groups that get streams from elsewhere, and all groups that
 *      the former destinations are in. After the grace period nobody posts to those destinations.
 *   2. Each of their owners gets EMPTY, and answers EMPTIED when the destination has nothing left or is
 *      lost. If it is lost, RETIRED is awaited too: what it gives back is then on its way, by the new
 *      routes. For a destination that was already being retired, only RETIRED is awaited.
 *   3. When all have answered, the groups are published open.
 *
 * Streams that leave a group for paired sessions have no group that could be held: their clients' messages
 * are held back by the workers that read them, until a snapshot says that nobody is awaited any more
 * (rt_snapshot.pairs_wait; session/hold_back.h).
 *
 * A destination that acknowledges nothing is aborted after 5 s, and a slow one is no longer waited for after
 * 30 s, as in joining.h. A further reload may be adopted meanwhile: what it moves is added, and everything
 * waits together.
 *
 * Streams that are not moved keep their order as always. Those of the held groups wait, too: for a round
 * trip and a delayed SACK while the former destinations work normally. Everything here is the control
 * thread's. */
#ifndef JUNCTOR_BROKER_MOVING_H
#define JUNCTOR_BROKER_MOVING_H

#include <stdbool.h>

struct brk_dest;
struct brk_joining;
struct rt_members;
struct rt_plan;
struct rt_snapshot;

struct brk_moving {
    bool *held;       /* by group id: held until nobody is awaited */
    bool *from, *to;  /* by group id: used within one call only */
    unsigned room;    /* of all three */
    unsigned awaited; /* destinations that are `moved` */
    bool pairs;       /* for streams that have left for paired sessions, until nobody is awaited */
};

/* Makes room for so many groups. False: out of memory. */
bool brk_moving_fit(struct brk_moving *v, unsigned groups);
void brk_moving_free(struct brk_moving *v);

/* The membership under another plan: all destinations that are up, with the holds of those being retired or
 * asked. NULL: out of memory. */
struct rt_members *brk_moving_members(const struct rt_plan *plan, struct brk_dest *dests);

/* The published snapshot and its membership, and those that replace them (`is` from brk_moving_members). */
struct brk_moving_plans {
    const struct rt_snapshot *before, *after;
    const struct rt_members *was;
    struct rt_members *is;
};

/* Holds in p->is the groups that have to wait, and asks the destinations they wait for (brk_joining_ask).
 * Call brk_moving_fit for the groups of p->after before. */
void brk_moving_begin(struct brk_moving *v, const struct brk_moving_plans *p, struct brk_joining *j,
                      struct brk_dest *dests);

/* The same where the plan stays and shares have changed in place: `before` is published, `after` is what
 * `members` say now, without those who have joined since. */
void brk_moving_shift(struct brk_moving *v, const struct rt_snapshot *before, const struct rt_snapshot *after,
                      struct rt_members *members, struct brk_joining *j);

/* EMPTIED, or RETIRED, has arrived. */
void brk_moving_emptied(struct brk_moving *v, struct brk_dest *d);
void brk_moving_retired(struct brk_moving *v, struct brk_dest *d);
/* Opens the groups, and lets paired sessions go on, if nobody is awaited any more. Afterwards a snapshot is
 * to be published. */
void brk_moving_go_on(struct brk_moving *v, struct rt_members *m);

#endif
