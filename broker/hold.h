/* Limits of what waits for a group without members that are up: a group's `hold`.
 *
 * Each worker has messages that wait for a group in a queue of its own (worker->parked) and publishes how
 * many they are in its counters of the group. The limits are for all workers together: one that has a new
 * message adds up what all have published. Two may do so at the same moment, so there may be one message more
 * for each worker, until one of them looks again.
 *
 * Messages of such a group are not charged to their source: the limits are the group's. They apply, and time
 * runs, only while no member is up. If members are up and a message waits all the same (the group is held for
 * a moment, or none has room), it waits until it can be sent.
 *
 * Everything here is for a worker, of its own messages. */
#ifndef JUNCTOR_BROKER_HOLD_H
#define JUNCTOR_BROKER_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/parcel.h"
#include "broker/queue.h"
#include "routing/message.h"

struct brk_worker;

/* A new message of `len` bytes cannot be sent now. False: it is to be dropped as BRK_HOLD_FULL. */
bool brk_hold_admit(const struct brk_worker *w, unsigned group, uint32_t len);

/* How such a message on this route is charged. */
enum brk_charge brk_hold_charge(const struct brk_worker *w, uint32_t route);

/* Adds a message to w->parked or w->returned, and counts its time from now. */
void brk_hold_add(struct brk_worker *w, struct brk_queue *lists, struct rt_parcel *p);

/* w->parked[group] has changed: drops what is beyond the limits, the newest of it, and publishes the rest. */
void brk_hold_limit(struct brk_worker *w, unsigned group);

/* So may have members or limits, or what came back is in it: the same, and the next tick looks whose time is
 * over. */
void brk_hold_settle(struct brk_worker *w, unsigned group);

/* Drops what has waited for a group too long. Returns when the next one has; 0: none will. */
uint64_t brk_hold_sweep(struct brk_worker *w, unsigned group);

/* What waited has been dropped, because the broker ends. */
void brk_hold_forget(struct brk_worker *w, unsigned group);

#endif
