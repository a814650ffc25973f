/* The limits of an outbox: how many messages may be pending in it, and what happens to a new one if it is
 * full.
 *
 * A listener's or peer's `queue` limits what waits for each of its associations; if it is not set, the
 * broker's queue_messages and queue_bytes do. What happens beyond that depends on the route of the new
 * message (when_full):
 *
 *  - block: it waits all the same, and the socket that it was read from is not read until it has gone.
 *    The outbox is sent oldest first, so everything before it has gone by then, too, and each source adds
 *    no more than what it had read at once. Where the association's own `queue` says nothing, what waits
 *    is limited by the credit of its sources alone (parcel.h).
 *  - drop-newest: it is dropped.
 *  - drop-oldest: the oldest pending message that came by such a route is dropped, or the new one where
 *    there is none: never a message of another route, or one that the stack has taken.
 *  - reroute: it goes to another member of its group that has room. Where none has it is parked until
 *    one has, and its source is not read until then (dispatch.c).
 *
 * Messages for which the outbox is the limit are not charged to their source: an outbox that is not emptied
 * stops only sources whose routes allow it.
 *
 * A destination of another worker: its owner publishes in rt_dest.room whether the outbox is full. Whoever
 * dispatches decides by that, which may be a turn old, or older where the owner does not get a processor; the
 * owner decides again when a message arrives: it drops it, or sends it back to the worker that had read it,
 * to be dispatched anew. So only routes that block make an outbox longer than its limit, by what their
 * sources may have waiting.
 *
 * Everything that takes a brk_assoc is for the association's worker. */
#ifndef JUNCTOR_BROKER_ROOM_H
#define JUNCTOR_BROKER_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/parcel.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/snapshot.h"

struct brk_worker;
struct brk_assoc;

/* A new message on this route (or RT_NO_ROUTE) must wait for `a`: drops older ones for it if its route says
 * so and the outbox is full. False: it is to be dropped itself, for *reason. */
bool brk_room_admit(struct brk_worker *w, struct brk_assoc *a, uint32_t route, enum brk_drop *reason);

/* The same as far as it can be told where `d` belongs to another worker. */
bool brk_room_admit_there(const struct cfg_config *c, const struct rt_dest *d, uint32_t route,
                          enum brk_drop *reason);

/* Whether a message that its group held back stops its source no more once a member gets it: that may be one
 * that takes nothing, while others do. */
bool brk_room_frees(const struct cfg_config *c, uint32_t route);

/* Whether a message should rather go to another member; `room`: of the outbox, enum rt_room bits. */
bool brk_room_elsewhere(const struct cfg_config *c, uint32_t route, unsigned room);

/* How a message that was admitted is charged; `room`: likewise. */
enum brk_charge brk_room_charge(const struct cfg_config *c, uint32_t route, unsigned room);

/* Whether messages on this route are dropped where there is no room. */
bool brk_room_drops(const struct cfg_config *c, uint32_t route);

/* How a message that is parked is charged. `members`: how many there are, none of which has room for it. */
enum brk_charge brk_room_charge_parked(const struct cfg_config *c, uint32_t route, uint32_t members);

/* What is pending for `a` has changed. */
void brk_room_update(struct brk_worker *w, struct brk_assoc *a);

/* There is another plan than that of `old`. Sources of routes that do not block any more, or whose
 * destinations have other limits now, are let go on: what is full under the new plan stops them again. */
void brk_room_forgive(struct brk_worker *w, const struct cfg_config *old);

/* Likewise. */
void brk_room_adopt(struct brk_worker *w, struct brk_assoc *a);

#endif
