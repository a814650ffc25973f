/* How a destination joins its groups without getting newer messages of a stream before older ones.
 *
 * A member that comes up takes streams over: with override everything, with stream hash an even share. Older
 * messages of these streams may still be on their way through the members that had them, waiting for room or
 * unacknowledged in the stack; if such a member is lost later they follow on the new one, behind what it has
 * got by then. So the old members are emptied first:
 *
 *   1. publish the groups held: those that the new one joins, and all others that their members are in. After
 *      the grace period nobody posts to the members
 *   2. EMPTY to the owner of each: it answers EMPTIED when everything has been acknowledged (dry.c), or the
 *      association is lost: then the retirement, which was asked for before, holds the groups
 *   3. all have answered: publish the groups open, with the new one
 *
 * One such round is under way at a time; who comes up meanwhile waits for the next. Where nobody can have
 * older messages, or no order is promised (round robin, broadcast), a destination joins at once. The control
 * thread's. */
#ifndef JUNCTOR_BROKER_JOINING_H
#define JUNCTOR_BROKER_JOINING_H

#include <stdbool.h>

#include "broker/dest.h"
#include "routing/inbox.h"
#include "routing/snapshot.h"

struct brk_joining {
    struct rt_batch waiting; /* MEMBER_UP of those that wait for their round */
    struct rt_batch round;   /* and of those whose round it is */
    struct rt_batch ask;     /* EMPTY, to be posted after the next publication */
    unsigned awaited;        /* answers */
};

void brk_joining_init(struct brk_joining *j);
/* MEMBER_UP has come. */
void brk_joining_up(struct brk_joining *j, struct rt_parcel *up);
/* MEMBER_DOWN: it joins no more. */
void brk_joining_down(struct brk_joining *j, struct rt_members *m, struct brk_dest *d);
/* EMPTIED. */
void brk_joining_emptied(struct brk_joining *j, struct rt_members *m, struct brk_dest *d);
/* A destination has joined; or not, for lack of memory. */
typedef void brk_joined(void *arg, struct brk_dest *d, bool in);
/* All that has come is taken: lets those join that can, and begins the next round. Then a snapshot is to be
 * published and `ask` posted. */
void brk_joining_go_on(struct brk_joining *j, struct rt_members *m, brk_joined *joined, void *arg);

#endif
