/* Messages of paired sessions that are held back after a reload: their streams went to members of groups
 * before, which may still have older messages of them, waiting or unacknowledged. If such a member is lost,
 * these come back and go to the client's partner; so newer ones must not have gone there before.
 *
 *   - A client whose listener's routes led to groups under the previous plan waits (pair.waits) when a plan
 *     is adopted while the snapshot says that members are awaited (rt_snapshot.pairs_wait, moving.h). What
 *     it sends on paired routes, and what waited for a group, is queued in worker->held_back. Its partner
 *     is set up meanwhile, and what comes back from members goes there at once.
 *   - A snapshot that awaits nobody any more lets everything go. What members had is acknowledged then, or
 *     has been read from the inbox before.
 *   - If a client shuts down meanwhile, its partner waits in its place, and ends behind what was held back.
 *     What one that was aborted has sent is dropped, as always.
 *
 * Clients that come up later have nothing older, and do not wait. No further reload begins meanwhile, so what
 * is held back keeps its route. All functions are for the worker that reads the client, and do not block. */
#ifndef JUNCTOR_BROKER_SESSION_HOLD_BACK_H
#define JUNCTOR_BROKER_SESSION_HOLD_BACK_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

/* A plan is adopted, under which this client stays. */
void brk_held_back_adopt(struct brk_worker *w, struct brk_assoc *client);

/* The same, for a message that waited for a group. True: it has a paired route now, and is taken over: it is
 * held back at least until the inbox is empty, where older ones may be that a member gave back. */
bool brk_held_back_parcel(struct brk_worker *w, struct rt_parcel *p);

/* A message of a client that waits: copied, to be held back. */
void brk_hold_back(struct brk_worker *w, struct brk_assoc *client, const struct tr_msg *m, uint32_t route);

/* In each turn, after the inbox: lets everything go if nobody is awaited, to `take`; `end` ends a partner
 * that waits, and has been given what its client sent. */
void brk_held_back_turn(struct brk_worker *w, void (*take)(struct brk_worker *w, struct rt_parcel *p),
                        void (*end)(struct brk_worker *w, struct brk_assoc *partner));

#endif
