/* How a destination joins its groups without getting newer messages of a stream before older ones.
 *
 * A member that comes up takes over streams: with override all of them, with stream hash an even share.
 * Older messages of these streams may still be in transit through the members that had them, waiting for
 * room or unacknowledged in the stack. If such a member is lost later, its messages follow on the new one,
 * behind newer ones that it has got by then. So the old members are emptied first:
 *
 *   1. Publish as held: the groups that the new one joins, and all others that their members are in. After
 *      the grace period nobody posts to the members.
 *   2. Post EMPTY to the owner of each. It answers EMPTIED when everything has been acknowledged (dry.c),
 *      or when the association is lost; in that case the retirement, which was requested before, holds the
 *      groups.
 *   3. When all have answered, publish the groups open, with the new member.
 *
 * One such round is in progress at a time; a destination that comes up meanwhile waits for the next. Where
 * no member can have older messages, or no order is promised (round robin, broadcast), a destination joins
 * at once. All functions are for the control thread. */
#ifndef JUNCTOR_BROKER_JOINING_H
#define JUNCTOR_BROKER_JOINING_H

#include <stdbool.h>

#include "broker/dest.h"
#include "routing/inbox.h"
#include "routing/snapshot.h"

struct brk_joining {
    struct rt_batch waiting; /* the MEMBER_UP of destinations that wait for a round */
    struct rt_batch round;   /* and of those whose round is in progress */
    struct rt_batch ask;     /* EMPTY messages, to be posted after the next publication */
    unsigned awaited;        /* number of answers */
};

void brk_joining_init(struct brk_joining *j);
/* MEMBER_UP has arrived. */
void brk_joining_up(struct brk_joining *j, struct rt_parcel *up);
/* MEMBER_DOWN: it no longer joins. */
void brk_joining_down(struct brk_joining *j, struct rt_members *m, struct brk_dest *d);
/* Asks a member to tell when it has nothing left, unless it has been asked already: its groups are held, and
 * EMPTY is added to `ask`. */
void brk_joining_ask(struct brk_joining *j, struct rt_members *m, struct brk_dest *d);
/* A reload replaces the membership: destinations whose round is in progress wait for the next one. Members
 * that have been asked remain so. */
void brk_joining_begin_again(struct brk_joining *j);
/* EMPTIED has arrived. */
void brk_joining_emptied(struct brk_joining *j, struct rt_members *m, struct brk_dest *d);
/* A destination has joined, or has not, because memory ran out. */
typedef void brk_joined(void *arg, struct brk_dest *d, bool in);
/* Everything that has arrived has been handled: lets destinations join that can, and starts the next
 * round. Afterwards a snapshot is to be published and `ask` posted. */
void brk_joining_go_on(struct brk_joining *j, struct rt_members *m, brk_joined *joined, void *arg);

#endif
